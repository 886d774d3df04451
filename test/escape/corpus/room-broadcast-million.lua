-- what: broadcasts to a list of members that names the same strangers a hundred thousand times
-- where: match_loop
-- outcome: budget /budget|not enough memory/
return function(ctx)
  local strangers = {}
  for index = 1, 90000 do strangers[index] = "ffffffffffffffff" end
  while true do kaos.broadcast(ctx.room_id, nil, "x", strangers) end
end
