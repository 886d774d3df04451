-- what: sorts as many items as fit, over and over
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local items = {}
  for index = 1, 100000 do items[index] = (index * 7919) % 100003 end
  while true do
    table.sort(items, nil)
    for index = 1, 100 do items[index] = -items[index] end
  end
end
