-- what: reads "items" of a text of a million digits through chains that end in math.sqrt
-- where: match_loop
-- outcome: budget /budget/
return function()
  local digits, unpack, gsub = ("1"):rep(1000000), table.unpack, string.gsub
  local text = ("x"):rep(100000)
  getmetatable("").__index = math.sqrt
  local chain = setmetatable({}, { __index = setmetatable({}, { __index = digits }) })
  while true do
    pcall(unpack, chain, 1, 100000)
    pcall(gsub, text, "", chain)
  end
end
