-- what: quotes a text that grows fourfold by it
-- where: match_loop
-- outcome: error /a shorter text to quote expected/
return function()
  local text = ("\0"):rep(1500000)
  while true do text = ("%q"):format(text) end
end
