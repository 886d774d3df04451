-- what: __pairs gives an iterator that never comes to an end
-- where: match_loop
-- outcome: budget /budget/
return function()
  local endless = setmetatable({}, { __pairs = function() return function(_, key) return (key or 0) + 1 end end })
  for _ in pairs(endless) do end
end
