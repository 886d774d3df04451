-- what: keeps millions of coroutines
-- where: match_loop, rpc
-- outcome: budget /not enough memory|budget/
return function()
  local all = {}
  for index = 1, 10000000 do
    all[index] = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(all[index])
  end
end
