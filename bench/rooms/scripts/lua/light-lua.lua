--- The light handler: what light-typescript.ts does, line by line.

local light = {}

local op = { input = 1, snapshot = 2 }
local broadcast_hz = 5

function light.match_init(ctx, params)
  return {
    state = {
      x = 0.0,
      speed = 1.0,
      inputs = 0,
      sum = 0,
      every = params.hz // broadcast_hz,
      index = params.index,
      tick = 0,
      time = 0,
    },
    tick_rate = params.hz,
    max_players = 2,
    empty_timeout = 0,
  }
end

function light.match_join(ctx, state, presences)
  return state
end

function light.match_leave(ctx, state, presences)
  return state
end

function light.match_loop(ctx, state, tick, messages)
  for i = 1, #messages do
    state.inputs = state.inputs + 1
    state.sum = (state.sum + messages[i].data:byte(1)) % 65536
  end
  state.x = state.x + state.speed * ctx.dt
  if state.x > 100 or state.x < 0 then
    state.speed = -state.speed
  end
  if (tick + state.index) % state.every == 0 then
    local snapshot = string.pack("<ddI4I4c40", state.x, state.speed, state.inputs, state.sum, "")
    kaos.room_send(ctx.room_id, op.snapshot, snapshot, nil, false)
  end
  state.tick = tick
  state.time = ctx.time
  return state
end

--- The newest tick, and when it ran.
function light.match_signal(ctx, state)
  return state, { tick = state.tick, timeMs = state.time }
end

function light.match_terminate()
  return nil
end

return light
