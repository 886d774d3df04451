-- what: table.move over more items than an integer counts, and over a thousand million
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  pcall(table.move, {}, math.mininteger, math.maxinteger, 1)
  table.move({}, 1, 1000000000, 2)
end
