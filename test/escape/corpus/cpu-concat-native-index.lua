-- what: table.concat over a thousand million items, each of which a library function makes without an instruction
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local items = setmetatable({}, { __index = table.concat })
  return table.concat(items, "", 1, 1000000000)
end
