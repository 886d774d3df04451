-- what: does a little in each of endlessly many coroutines, none of which lives long enough to be stopped
-- where: match_loop, match_join
-- outcome: budget /budget/
return function()
  while true do
    coroutine.wrap(function() for _ = 1, 10 do end end)()
  end
end
