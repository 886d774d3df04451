-- what: returns a table that contains itself
-- where: rpc, match_signal, before_hook
-- result: returned
-- outcome: RPC_FAILED /deep|levels|nest/
-- outcome(before_hook): HOOK_FAILED /deep|levels|nest/
return function()
  local cycle = {}
  cycle.cycle = cycle
  return cycle
end
