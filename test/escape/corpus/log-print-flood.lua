-- what: prints a million lines
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  for line = 1, 1000000 do print("line", line) end
end
