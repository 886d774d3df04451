-- what: counts the characters of a long text, again and again
-- where: match_loop
-- outcome: budget /budget/
return function()
  local text = ("a"):rep(2000000)
  while true do utf8.len(text) end
end
