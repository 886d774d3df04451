--- The arena of the benchmark: what arena-typescript.ts does, line by line.

local arena = {}

local op = { input = 1, snapshot = 2 }
local players = 8
local size = 1000.0
local speed = 5.0

function arena.match_init(ctx, params)
  return {
    state = { snapshots = 0, members = 0, positions = {} },
    tick_rate = 20,
    max_players = players,
  }
end

function arena.match_join(ctx, state, presences)
  for _, presence in ipairs(presences) do
    state.members = state.members + 1
    state.positions[presence.member] = {
      member = presence.member,
      newest = 0,
      x = 100.0 * presence.member,
      y = 100.0 * presence.member,
      move_x = 0.0,
      move_y = 0.0,
    }
  end
  return state
end

function arena.match_leave(ctx, state, presences)
  for _, presence in ipairs(presences) do
    if state.positions[presence.member] then
      state.members = state.members - 1
      state.positions[presence.member] = nil
    end
  end
  return state
end

function arena.match_loop(ctx, state, tick, messages)
  local positions = state.positions
  for i = 1, #messages do
    local message = messages[i]
    local player = positions[message.sender.member]
    local sequence, move_x, move_y = string.unpack("<I4ff", message.data)
    if sequence > player.newest then
      player.newest = sequence
      player.move_x = move_x
      player.move_y = move_y
    end
  end
  state.snapshots = state.snapshots + 1
  local parts = { string.pack("<I4I4I4I4", state.snapshots, state.members, tick, 0) }
  for member = 1, players do
    local player = positions[member]
    if player then
      player.x = (player.x + player.move_x * speed) % size
      player.y = (player.y + player.move_y * speed) % size
      parts[member + 1] = string.pack(
        "<I4I4ffffI4I4",
        player.member,
        player.newest,
        player.x,
        player.y,
        player.move_x,
        player.move_y,
        0,
        0
      )
    else
      parts[member + 1] = string.rep("\0", 32)
    end
  end
  kaos.room_send(ctx.room_id, op.snapshot, table.concat(parts), nil, false)
  return state
end

function arena.match_terminate()
  return nil
end

return arena
