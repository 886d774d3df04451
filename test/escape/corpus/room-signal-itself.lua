-- what: a room that signals itself from within its callbacks
-- where: match_loop, match_signal, match_init
-- outcome: survives /cannot be signalled from within its own callback|no such room/
-- outcome(match_init): survives /cannot be signalled|no such room|There is no such room/
return function(ctx)
  return select(2, pcall(kaos.room_signal, ctx.room_id, "attack"))
end
