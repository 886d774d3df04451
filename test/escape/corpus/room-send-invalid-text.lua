-- what: texts that are no UTF-8 where the protocol wants text: in values, labels and reasons
-- where: match_loop, match_init
-- outcome: survives /^done$/
return function(ctx)
  local bytes = "\255\254\0\xED\xA0\x80"
  pcall(kaos.room_send, ctx.room_id, 2, { [bytes] = bytes })
  pcall(kaos.room_state, ctx.room_id, { bytes, { [bytes] = 1 } })
  pcall(kaos.room_label_update, ctx.room_id, bytes)
  pcall(kaos.room_kick, ctx.room_id, bytes, bytes)
  pcall(kaos.session_kick, bytes, bytes)
  pcall(kaos.broadcast, ctx.room_id, bytes, bytes, { bytes })
end
