-- what: presences that are traps: endless lengths, ids from metamethods, tables within tables
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function(ctx)
  local trap = setmetatable({}, { __len = function() return math.maxinteger end, __index = function() return "x" end })
  kaos.broadcast(ctx.room_id or "x", trap, "x", trap)
end
