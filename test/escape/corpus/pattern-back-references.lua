-- what: back references to captures of every length
-- where: match_loop
-- outcome: budget /budget/
return function()
  return ("a"):rep(3000):find("(a*)(a*)%1%2%1%2b")
end
