-- what: raises nil, which is no error to speak of
-- where: load, match_init, match_join, match_loop, match_signal, rpc, before_hook
-- outcome: error /./
return function()
  error()
end
