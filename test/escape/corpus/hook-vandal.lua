-- what: an RPC replaces every function of the entry script's libraries
-- where: rpc
-- server: own
-- outcome: survives /^done$/
return {
  attack = function()
    for _, library in pairs({ string, table, os, utf8, coroutine, kaos }) do
      for name in pairs(library) do library[name] = nil end
    end
    getmetatable("").__index = nil
  end,
  check = function()
    if table.concat({ "a", "b" }, "-"):upper() ~= "A-B" or #kaos.uuid() ~= 36 then return "the libraries are not what they were" end
  end,
}
