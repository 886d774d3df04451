-- what: returns a function where a value is to go out
-- where: rpc, match_signal, before_hook
-- result: returned
-- outcome: RPC_FAILED /function/
-- outcome(before_hook): HOOK_FAILED
return function() return print end
