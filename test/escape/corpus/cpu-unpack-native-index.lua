-- what: table.unpack reads a hundred thousand "items" of a text, each of which utf8.len counts the whole text for
-- where: match_loop
-- outcome: error /table expected/
return function()
  local text, unpack = ("a"):rep(1000000), table.unpack
  getmetatable("").__index = utf8.len
  return select("#", unpack(text, 1, 100000))
end
