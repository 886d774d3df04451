-- what: a dozen greedy repetitions over a long text
-- where: match_loop
-- outcome: budget /budget/
return function()
  return ("x"):rep(5000):match(("x*"):rep(12) .. "y")
end
