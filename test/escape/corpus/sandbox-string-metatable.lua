-- what: replaces the metatable that all texts of a Lua state share
-- where: load, match_loop, match_signal
-- outcome: survives /^done$/
return {
  attack = function()
    local meta = getmetatable("")
    meta.__index = function() return function() return "pwned" end end
    meta.__add = function() return "pwned" end
    meta.__metatable = "closed"
    meta.__name = "pwned"
  end,
  check = function()
    if ("clean"):upper() ~= "CLEAN" or type(getmetatable("")) ~= "table" or "1" + 1 ~= 2 then return "texts are not what they were" end
  end,
}
