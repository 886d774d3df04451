-- what: gives math.max and others one text of many digits twenty thousand times, to be read as a number each time
-- where: match_loop, rpc
-- outcome: error /number expected, got a string of 100000 bytes/
return function()
  local digits, all = ("0"):rep(100000), {}
  for index = 1, 20000 do all[index] = digits end
  for _, fn in ipairs({ string.char, utf8.char, math.min }) do pcall(fn, table.unpack(all)) end
  pcall(string.format, ("%d"):rep(20000), table.unpack(all))
  pcall(string.pack, ("b"):rep(20000), table.unpack(all))
  return math.max(table.unpack(all))
end
