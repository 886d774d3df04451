-- what: sends one large message to the same member ten thousand times by naming it in the list of receivers
-- where: match_loop
-- outcome: SLOW_CONSUMER
return function(ctx, _, _, messages)
  local receivers = {}
  for index = 1, 10000 do receivers[index] = messages[1].sender end
  kaos.room_send(ctx.room_id, 2, ("x"):rep(60000), receivers)
end
