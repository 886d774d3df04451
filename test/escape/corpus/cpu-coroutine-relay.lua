-- what: two coroutines hand over to each other for ever, so that neither works much
-- where: match_loop, before_hook
-- outcome: budget /budget/
return function()
  local function runner() while true do coroutine.yield() end end
  local left, right = coroutine.wrap(runner), coroutine.wrap(runner)
  while true do
    left()
    right()
  end
end
