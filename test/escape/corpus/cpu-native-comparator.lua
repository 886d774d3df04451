-- what: sorts by a library function that goes through both texts
-- where: match_loop
-- outcome: budget /budget/
return function()
  local digits, items = ("1"):rep(1000000), {}
  for index = 1, 10000 do items[index] = digits end
  while true do
    pcall(table.sort, items, math.ult)
    pcall(table.sort, items, utf8.len)
  end
end
