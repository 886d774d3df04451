-- what: numbers and texts turned into each other while they grow
-- where: match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local text = 1
  while true do text = text .. text .. 1.5 end
end
