-- what: hands all arguments on twice at each level
-- where: match_loop, rpc
-- outcome: budget /not enough memory|budget/
return function()
  local function double(...)
    if select("#", ...) > 200000 then return select("#", ...) end
    return double(..., table.unpack({ ... }))
  end
  local results = {}
  while true do results[#results + 1] = double(1, 2, 3) end
end
