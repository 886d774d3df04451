-- what: two rooms that signal each other in a circle
-- where: match_signal, match_loop
-- outcome: survives /cannot be signalled from within its own callback/
return function(ctx)
  local other = kaos.room_create("mayfly")
  local room = kaos.room_get(other)
  if room.state == "creating" then
    -- It starts when this callback is over, so the circle is closed through this room alone.
    return select(2, pcall(kaos.room_signal, ctx.room_id, { room_id = ctx.room_id }))
  end
  return select(2, pcall(kaos.room_signal, other, { room_id = ctx.room_id }))
end
