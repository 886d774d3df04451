--- Nakama's published workload: every message is sent back to its sender (op 1) or to everybody (op 2).

local ccu = {}

local echo = 1
local players = 10

function ccu.match_init(ctx, params)
  return { state = {}, tick_rate = 10, max_players = players }
end

function ccu.match_join(ctx, state, presences)
  return state
end

function ccu.match_leave(ctx, state, presences)
  return state
end

function ccu.match_loop(ctx, state, tick, messages)
  for i = 1, #messages do
    local message = messages[i]
    local receivers = message.op == echo and { message.sender } or nil
    kaos.broadcast(ctx.room_id, message.sender, message.data, receivers, message.op, message.reliable)
  end
  return state
end

function ccu.match_terminate()
  return nil
end

return ccu
