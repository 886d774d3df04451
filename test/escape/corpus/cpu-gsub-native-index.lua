-- what: each replacement of gsub is looked up by table.concat over a hundred thousand empty texts
-- where: match_loop
-- outcome: budget /budget|not enough memory/
return function()
  local items = {}
  for index = 1, 100000 do items[index] = "" end
  setmetatable(items, { __index = table.concat })
  return (("x"):rep(100000):gsub("", setmetatable({}, { __index = items })))
end
