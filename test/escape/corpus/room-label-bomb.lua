-- what: labels that are too long, no text, and changed a hundred thousand times
-- where: match_loop
-- outcome: budget /budget/
return function(ctx)
  assert(not pcall(kaos.room_label_update, ctx.room_id, ("l"):rep(2049)))
  assert(not pcall(kaos.room_label_update, ctx.room_id, {}))
  for index = 1, 1000000 do kaos.room_label_update(ctx.room_id, "label " .. index) end
end
