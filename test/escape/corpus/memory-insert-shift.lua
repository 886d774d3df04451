-- what: inserts at the front of a long table for ever
-- where: match_loop
-- outcome: budget /budget|not enough memory/
return function()
  local items = {}
  while true do table.insert(items, 1, true) end
end
