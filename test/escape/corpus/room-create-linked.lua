-- what: a room of a module that is a link out of the scripts folder: it never starts
-- where: match_loop, rpc
-- outcome: survives /^nil$/
return function()
  local id = kaos.room_create("linked")
  return tostring(kaos.room_list({ module = "linked" })[1] and id)
end
