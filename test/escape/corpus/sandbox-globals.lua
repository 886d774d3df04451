-- what: looks for a way out among the libraries
-- where: load, match_init, match_loop, rpc
-- outcome: survives /^nothing found$/
return function()
  local found = {}
  local forbidden = {
    "io", "debug", "package", "dofile", "loadfile", "warn", "module", "jit", "ffi", "js", "process", "globalThis", "Module",
  }
  for _, name in ipairs(forbidden) do
    if _G[name] ~= nil then found[#found + 1] = name end
  end
  for _, name in ipairs({ "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname" }) do
    if os[name] ~= nil then found[#found + 1] = "os." .. name end
  end
  if string.dump ~= nil then found[#found + 1] = "string.dump" end
  for name, value in pairs(_G) do
    if type(value) == "userdata" or type(value) == "thread" then found[#found + 1] = name end
  end
  return #found == 0 and "nothing found" or table.concat(found, " ")
end
