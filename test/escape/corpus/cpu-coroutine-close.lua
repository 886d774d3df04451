-- what: a coroutine that is closed has a close method that never ends
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local stuck = coroutine.create(function()
    local _ <close> = setmetatable({}, { __close = function() while true do end end })
    coroutine.yield()
  end)
  coroutine.resume(stuck)
  coroutine.close(stuck)
end
