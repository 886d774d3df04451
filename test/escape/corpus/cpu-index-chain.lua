-- what: looks a field up through a chain of two thousand tables, again and again
-- where: match_loop, before_hook
-- outcome: budget /budget/
return function()
  local chain = {}
  for _ = 1, 1990 do chain = setmetatable({}, { __index = chain }) end
  while true do
    local _ = chain.nothing
  end
end
