-- what: sorts ten thousand references to one text of a megabyte: no instruction, no allocation, only comparisons
-- where: match_loop
-- outcome: budget /budget/
return function()
  local long = ("a"):rep(1000000)
  local items = {}
  for index = 1, 10000 do items[index] = long end
  table.sort(items)
end
