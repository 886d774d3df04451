-- what: thirty levels, each of which holds the next one twice: a thousand million leaves of one table
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local shared = { 1 }
  for _ = 1, 30 do shared = { shared, shared } end
  while true do pcall(kaos.json_encode, shared) end
end
