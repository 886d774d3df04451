-- what: a pattern so long that a recursive matcher would use up the native stack
-- where: match_loop, rpc
-- outcome: error /pattern too complex|budget/
-- outcome(rpc): error /pattern too complex|budget/
return function()
  local count = 100000
  return ("a"):rep(count):match(("a?"):rep(count))
end
