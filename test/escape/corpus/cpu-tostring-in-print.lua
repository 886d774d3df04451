-- what: print asks an object for its text, and gets none
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  print(setmetatable({}, { __tostring = function() while true do pcall(function() while true do end end) end end }))
end
