-- what: millions of different short texts as keys, so that the table of all short texts grows
-- where: match_loop, rpc
-- outcome: budget /not enough memory|budget/
return function()
  local keys = {}
  for index = 1, 10000000 do keys["key" .. index] = true end
end
