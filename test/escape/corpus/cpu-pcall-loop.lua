-- what: catches the budget error with pcall, for ever
-- where: entry, load, match_init, match_join_attempt, match_join, match_leave, match_loop, match_signal, match_terminate, rpc, before_hook
-- outcome: budget /budget/
return function()
  while true do
    pcall(function() while true do end end)
  end
end
