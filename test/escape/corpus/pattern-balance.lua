-- what: %b from every place of a long text that never closes
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  return ("("):rep(100000):find("%b()")
end
