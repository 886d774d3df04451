-- what: sends a member ten megabytes in one tick; it is the reader who is too slow
-- where: match_loop, match_join
-- outcome: SLOW_CONSUMER
return function(ctx)
  local data = ("x"):rep(60000)
  for _ = 1, 200 do kaos.room_send(ctx.room_id, 2, data) end
end
