-- what: sends a member ten megabytes in one tick; if anybody is too slow it is the reader
-- where: match_loop, match_join
-- outcome: SLOW_CONSUMER or survives
return function(ctx)
  local data = ("x"):rep(60000)
  for _ = 1, 200 do kaos.room_send(ctx.room_id, 2, data) end
end
