-- what: yields across pcall and metamethods, and loops between the yields
-- where: match_loop
-- outcome: budget /budget/
return function()
  local spinning = setmetatable({}, { __index = function(_, key) coroutine.yield(key) return key end })
  local step = coroutine.wrap(function()
    while true do
      pcall(function() return spinning[1] + spinning[2] end)
    end
  end)
  while true do step() end
end
