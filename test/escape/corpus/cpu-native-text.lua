-- what: string.format asks a hundred thousand objects for their text, which table.concat makes of nothing
-- where: match_loop
-- outcome: budget /budget|not enough memory/
return function()
  local hollow = {}
  for index = 1, 50000 do hollow[index] = "" end
  setmetatable(hollow, { __tostring = table.concat })
  local objects = {}
  for index = 1, 50000 do objects[index] = hollow end
  return (("%s"):rep(50000):format(table.unpack(objects)))
end
