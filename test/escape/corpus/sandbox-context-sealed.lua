-- what: makes ctx, the state and the presences objects that trap whoever writes to them
-- where: match_init, match_loop, match_join, match_signal, match_leave
-- outcome: survives /^done$/
return function(ctx, state, presences)
  local trap = { __newindex = function() while true do end end, __index = function() while true do end end, __metatable = false }
  for _, target in ipairs({ ctx, state, presences }) do
    if type(target) == "table" then
      local id = target.room_id
      for key in pairs(target) do
        if key ~= 1 then target[key] = nil end
      end
      target.room_id = id
      setmetatable(target, trap)
    end
  end
end
