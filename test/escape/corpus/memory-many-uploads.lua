-- what: gives the server large values at every call that takes one, and catches each refusal
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function(ctx)
  local wide = {}
  for index = 1, 50000 do wide[index] = index end
  local id = ctx.room_id or kaos.room_list({})[1].room_id
  while true do
    pcall(kaos.room_send, id, 1, wide)
    pcall(kaos.room_signal, "nowhere", wide)
    pcall(kaos.room_create, "nowhere", wide)
    pcall(kaos.room_list, wide)
  end
end
