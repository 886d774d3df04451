-- what: publishes ten megabytes of states to a member that reads too slowly
-- where: match_loop
-- outcome: SLOW_CONSUMER or survives
return function(ctx)
  for _ = 1, 200 do kaos.room_state(ctx.room_id, ("s"):rep(60000)) end
end
