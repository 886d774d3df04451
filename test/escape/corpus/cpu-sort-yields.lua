-- what: a comparator that yields out of table.sort
-- where: match_loop
-- outcome: survives /attempt to yield across a C-call boundary/
return function()
  local sorter = coroutine.create(function() table.sort({ 3, 2, 1 }, coroutine.yield) end)
  return select(2, coroutine.resume(sorter))
end
