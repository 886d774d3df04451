-- what: an error of megabytes
-- where: entry, load, match_init, match_join_attempt, match_loop, match_leave, match_signal, match_terminate, rpc, before_hook
-- outcome: error /AAAA/
return function()
  error(("A"):rep(1000000), 0)
end
