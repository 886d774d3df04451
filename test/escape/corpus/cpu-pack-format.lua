-- what: string.packsize goes through the longest format it takes, again and again
-- where: match_loop
-- outcome: budget /budget/
return function()
  local format = (" "):rep(262144)
  while true do string.packsize(format) end
end
