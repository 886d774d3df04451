--- The light handler of `targets`: what targets-typescript.ts does, line by line.

local targets = {}

local op = { input = 1, snapshot = 2 }
local players = 10
local tick_hz = 60
local ticks_per_snapshot = 12
local layout = "<I4I4I4I4" .. string.rep("I4", players) .. "d"

function targets.match_init(ctx, params)
  local newest = {}
  for member = 1, players do
    newest[member] = 0
  end
  return {
    -- Rooms begin their rounds of broadcasts at different ticks, as rooms of players would.
    state = {
      snapshots = 0,
      members = 0,
      newest = newest,
      x = 0.0,
      speed = 1.0,
      phase = math.random(0, ticks_per_snapshot - 1),
    },
    tick_rate = tick_hz,
    max_players = players,
  }
end

function targets.match_join(ctx, state, presences)
  state.members = state.members + #presences
  return state
end

function targets.match_leave(ctx, state, presences)
  state.members = state.members - #presences
  return state
end

function targets.match_loop(ctx, state, tick, messages)
  for i = 1, #messages do
    local message = messages[i]
    local sequence = string.unpack("<I4", message.data)
    if sequence > state.newest[message.sender.member] then
      state.newest[message.sender.member] = sequence
    end
  end
  state.x = state.x + state.speed * ctx.dt
  if state.x > 100 or state.x < 0 then
    state.speed = -state.speed
  end
  if tick % ticks_per_snapshot == state.phase then
    state.snapshots = state.snapshots + 1
    local newest = state.newest
    local snapshot = string.pack(
      layout,
      state.snapshots,
      state.members,
      tick,
      0,
      newest[1],
      newest[2],
      newest[3],
      newest[4],
      newest[5],
      newest[6],
      newest[7],
      newest[8],
      newest[9],
      newest[10],
      state.x
    )
    kaos.room_send(ctx.room_id, op.snapshot, snapshot, nil, false)
  end
  return state
end

function targets.match_terminate()
  return nil
end

return targets
