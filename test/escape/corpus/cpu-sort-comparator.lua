-- what: a comparator that contradicts itself and takes for ever
-- where: match_loop
-- outcome: budget /budget/
return function()
  local items = {}
  for index = 1, 1000 do items[index] = index end
  while true do
    pcall(table.sort, items, function(left, right) return left ~= right end)
  end
end
