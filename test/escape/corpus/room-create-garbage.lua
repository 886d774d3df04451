-- what: modules that are none, and parameters that no room can be given
-- where: match_loop, rpc
-- outcome: survives /^refused 8$/
return function()
  local cycle, deep, refused = {}, {}, 0
  cycle.cycle = cycle
  for _ = 1, 100 do deep = { deep } end
  for _, arguments in ipairs({
    { "../secret" }, { "kaos/prelude" }, { "main" }, { ("m"):rep(100000) }, { "mayfly", cycle }, { "mayfly", { f = print } },
    { "mayfly", deep }, { {} },
  }) do
    if not pcall(kaos.room_create, table.unpack(arguments)) then refused = refused + 1 end
  end
  return "refused " .. refused
end
