-- what: names that mean something to JavaScript, sent through every layer
-- where: rpc, match_signal
-- outcome: survives /^{"__proto__":{"polluted":true},"constructor":{"prototype":1}}$/
return {
  attack = function()
    local value = kaos.json_decode('{"__proto__":{"polluted":true},"constructor":{"prototype":1}}')
    pcall(kaos.room_list, value)
    kaos.room_create("mayfly", value)
    return kaos.json_encode(value)
  end,
  check = function()
    if kaos.json_encode({}) ~= "{}" or kaos.room_list({})[1].polluted ~= nil then return "the prototype of all objects changed" end
  end,
}
