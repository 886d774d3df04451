-- what: sends a member twenty megabytes in one tick of which only the newest count
-- where: match_loop
-- outcome: survives /^done$/
return function(ctx)
  local data = ("x"):rep(60000)
  for _ = 1, 400 do kaos.room_send(ctx.room_id, 2, data, nil, false) end
end
