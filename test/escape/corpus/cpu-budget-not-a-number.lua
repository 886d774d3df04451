-- what: positions that are no number, in the hope that whoever counts the work counts NaN
-- where: load, match_loop, rpc
-- outcome: budget /budget/
return function()
  local nan = 0 / 0
  pcall(table.move, {}, nan, 1, 1)
  pcall(table.insert, { 1, 2 }, nan, 1)
  pcall(table.remove, { 1, 2 }, nan)
  pcall(table.concat, {}, "", nan, 1)
  pcall(table.unpack, {}, nan, 1)
  pcall(string.rep, "", nan)
  pcall(string.find, "abc", "b", nan)
  pcall(string.gsub, "abc", "b", "c", nan)
  pcall(os.date, "%c", nan)
  pcall(math.randomseed, nan)
  while true do end
end
