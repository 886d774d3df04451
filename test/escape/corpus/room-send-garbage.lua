-- what: payloads, operations and receivers that cannot be sent
-- where: match_loop, rpc
-- outcome: survives /^refused 15$/
return function(ctx)
  local id = ctx.room_id or kaos.room_list({ module = "canary" })[1].room_id
  local cycle, refused = {}, 0
  cycle[1] = cycle
  for _, arguments in ipairs({
    { id, -1, "x" }, { id, 65536, "x" }, { id, 1.5, "x" }, { id, 0 / 0, "x" }, { id, "one", "x" }, { id, 2, ("x"):rep(65529) },
    { id, 2, print }, { id, 2, cycle }, { id, 2, { [1] = 1, x = 1 } }, { id, 2, math.maxinteger }, { id, 2, "x", "nobody" },
    { id, 2, "x", { 1, 2 } }, { "nowhere", 2, "x" }, { 12, 2, "x" }, { ("x"):rep(1000000), 2, "x" },
  }) do
    local ok, problem = pcall(kaos.room_send, table.unpack(arguments, 1, 4))
    if not ok and #problem < 5000 then refused = refused + 1 end
  end
  return "refused " .. refused
end
