-- what: yields to the server, so as to be resumed with a fresh budget
-- where: load, match_init, match_loop, match_terminate, rpc, before_hook
-- outcome: error /outside a coroutine/
return function()
  while true do
    coroutine.yield()
  end
end
