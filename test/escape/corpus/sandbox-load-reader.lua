-- what: a reader that gives load a megabyte of blanks at a time and never comes to an end, again and again
-- where: match_loop
-- outcome: budget /budget/
return function()
  local blanks = (" "):rep(1000000)
  while true do load(function() return blanks end) end
end
