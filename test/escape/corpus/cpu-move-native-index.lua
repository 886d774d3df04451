-- what: table.move reads a million "items" of a text, each of which utf8.len counts the whole text for
-- where: match_loop
-- outcome: budget /budget/
return function()
  local text, move = ("a"):rep(1000000), table.move
  getmetatable("").__index = utf8.len
  move(text, 1, 1000000, 1, {})
end
