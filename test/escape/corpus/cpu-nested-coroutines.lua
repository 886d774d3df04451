-- what: works in coroutines within coroutines, each of which catches what ends the one inside
-- where: match_init, match_loop, match_signal, rpc
-- outcome: budget /budget/
return function()
  local function descend(depth)
    while true do
      local inner = coroutine.create(depth == 0 and function() while true do end end or descend)
      coroutine.resume(inner, depth - 1)
    end
  end
  while true do
    coroutine.resume(coroutine.create(descend), 20)
  end
end
