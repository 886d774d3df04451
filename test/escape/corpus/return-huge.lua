-- what: returns megabytes where a value is to go out
-- where: rpc, match_signal
-- result: returned
-- outcome: SCRIPT_RESULT_INVALID /at most 65535/
return function() return ("r"):rep(1000000) end
