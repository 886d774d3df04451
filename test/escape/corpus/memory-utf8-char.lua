-- what: utf8.char with as many arguments as the stack holds
-- where: match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local codes = {}
  for index = 1, 60000 do codes[index] = 0x7FFFFFFF end
  local texts = {}
  while true do texts[#texts + 1] = utf8.char(table.unpack(codes)) .. #texts end
end
