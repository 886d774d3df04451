--- The entry script: what players can ask for before they are in an arena.

local names = require("arena.names")

--- Finds the fullest arena that still has a seat, so that people meet; opens a new one when there is none.
kaos.register_rpc("arena_find", function()
  local best
  for _, room in ipairs(kaos.room_list({ module = "arena", has_seat = true })) do
    if not best or room.size > best.size then
      best = room
    end
  end
  return { room_id = best and best.room_id or kaos.room_create("arena", {}) }
end)

kaos.register_before("session_start", function(_, message)
  message.username = names.clean(message.username) or names.guest(math.random())
  return message
end)

kaos.register_after("room_join", function(ctx, message)
  kaos.logger_info(("%s joined arena %s"):format(ctx.username, message.room_id))
end)
