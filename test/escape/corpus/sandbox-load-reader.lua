-- what: a reader that gives load a megabyte of blanks at a time and never comes to an end
-- where: match_loop
-- outcome: budget /budget/
return function()
  local blanks = (" "):rep(1000000)
  load(function() return blanks end)
end
