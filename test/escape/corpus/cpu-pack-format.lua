-- what: string.packsize goes through a format of two million blanks, again and again
-- where: match_loop
-- outcome: budget /budget/
return function()
  local format = (" "):rep(2000000)
  while true do string.packsize(format) end
end
