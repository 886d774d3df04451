-- what: closures that hold closures
-- where: match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local last = function() end
  while true do
    local before = last
    last = function() return before end
  end
end
