-- what: an RPC keeps what it is given in a global, until the entry script has no memory left
-- where: rpc
-- server: own
-- outcome: budget /not enough memory|budget/
return function()
  hoard = hoard or {}
  while true do hoard[#hoard + 1] = ("x"):rep(1000) .. #hoard end
end
