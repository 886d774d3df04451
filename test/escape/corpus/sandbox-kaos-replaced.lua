-- what: replaces the functions of kaos, so that others would call it
-- where: load, match_loop, match_signal
-- outcome: survives /^done$/
return {
  attack = function()
    for name in pairs(kaos) do kaos[name] = function() error("pwned") end end
    kaos = nil
  end,
  check = function()
    if #kaos.uuid() ~= 36 or kaos.json_encode(kaos.null) ~= "null" or kaos.room_get("x") ~= nil then return "kaos is not what it was" end
  end,
}
