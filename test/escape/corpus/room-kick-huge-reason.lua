-- what: throws its own members out with a reason of a megabyte
-- where: match_loop
-- outcome: ROOM_KICKED /^r+/
return function(ctx, _, _, messages)
  kaos.room_kick(ctx.room_id, messages[1].sender, ("r"):rep(1000000))
  kaos.room_kick(ctx.room_id, messages[1].sender)
end
