-- what: replaces every function of every library with one that loops
-- where: load, match_signal
-- outcome: survives /^done$/
return {
  attack = function()
    local function spin() while true do end end
    for _, library in pairs({ string, table, math, os, utf8, coroutine }) do
      for name in pairs(library) do library[name] = spin end
    end
  end,
  check = function()
    if table.concat({ "a", "b" }, "-"):upper() ~= "A-B" or math.floor(1.5) ~= 1 then return "the libraries are not what they were" end
  end,
}
