-- what: frontiers and sets within repetitions
-- where: match_loop
-- outcome: budget /budget/
return function()
  return ("ab"):rep(50000):find(("%f[a]a-"):rep(20) .. ("[^c]*"):rep(8) .. "c")
end
