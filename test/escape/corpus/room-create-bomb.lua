-- what: creates rooms until there are too many, and goes on
-- where: match_loop, rpc, before_hook
-- outcome: survives /at most 24 rooms/
return function()
  local problem
  for _ = 1, 100 do
    local ok, why = pcall(kaos.room_create, "mayfly")
    if not ok then problem = why end
  end
  return problem
end
