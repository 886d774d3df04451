-- what: publishes the state and changes the label of the room next door
-- where: match_loop, match_signal, rpc
-- outcome: survives /^refused 2$/
return function()
  local canary, refused = kaos.room_list({ module = "canary" })[1].room_id, 0
  if not pcall(kaos.room_state, canary, "pwned") then refused = refused + 1 end
  if not pcall(kaos.room_label_update, canary, "pwned") then refused = refused + 1 end
  return "refused " .. refused
end
