-- what: more locals, upvalues, constants and labels than a function may have
-- where: match_loop
-- outcome: survives /^refused 3, constants 20000$/
return function()
  local refused, locals, upvalues = 0, {}, {}
  for index = 1, 300 do locals[index] = "local v" .. index .. " = " .. index end
  if not load(table.concat(locals, "\n")) then refused = refused + 1 end
  for index = 1, 150 do upvalues[index] = "local u" .. index .. "; local w" .. index end
  if not load(table.concat(upvalues, "\n")) then refused = refused + 1 end
  if not load("goto nowhere") then refused = refused + 1 end
  local constants = {}
  for index = 1, 20000 do constants[index] = index .. ".5" end
  local list = load("return {" .. table.concat(constants, ",") .. "}")()
  return ("refused %d, constants %d"):format(refused, #list)
end
