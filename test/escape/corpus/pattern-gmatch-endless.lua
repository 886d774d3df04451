-- what: walks through the empty matches of a long text without end
-- where: match_loop
-- outcome: budget /budget/
return function()
  local text = ("x"):rep(100000)
  while true do
    for _ in text:gmatch("()") do end
  end
end
