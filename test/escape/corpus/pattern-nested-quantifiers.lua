-- what: a pattern that backtracks exponentially
-- where: match_init, match_loop, rpc, before_hook
-- outcome: budget /budget/
return function()
  local text = ("a"):rep(40)
  return text:find(("a-"):rep(30) .. "b")
end
