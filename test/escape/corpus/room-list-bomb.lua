-- what: lists all rooms for ever, with every query that is none
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  for _, query in ipairs({ { limit = 0 }, { limit = -1 }, { limit = 1.5 }, { module = 1 }, { unknown = 1 }, { "x" } }) do
    assert(not pcall(kaos.room_list, query))
  end
  while true do kaos.room_list({ limit = 100 }) end
end
