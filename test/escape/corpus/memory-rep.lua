-- what: a text of a thousand million characters
-- where: entry, load, match_init, match_join, match_loop, match_signal, rpc, before_hook
-- outcome: budget /not enough memory|budget/
-- outcome(match_signal): budget /not enough memory/
return function()
  return #("x"):rep(1000000000)
end
