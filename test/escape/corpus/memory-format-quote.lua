-- what: quotes a text that grows fourfold by it
-- where: match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local text = ("\0"):rep(1500000)
  while true do text = ("%q"):format(text) end
end
