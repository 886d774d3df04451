--- The motion of every player as bytes: 5 for the whole and 11 for each player, so 555 for a full arena. The layout is
--- in README.md; `web/snapshot.ts` reads it.

local snapshot = {}

local header = "<I4B"
local entry = "<Bi2i2i2i2BB"
--- Positions and speeds are sent in sixteenths of a unit.
local precision = 16
local protected_bit = 0x80

local function quantise(value)
  return math.floor(value * precision + 0.5)
end

local parts = {}

---@param world table
---@return string
function snapshot.encode(world)
  local players = world.players
  parts[1] = string.pack(header, world.step_count, #players)
  for i = 1, #players do
    local player = players[i]
    local status = player.cooldown | (player.protected > 0 and protected_bit or 0)
    parts[i + 1] = string.pack(
      entry,
      player.slot,
      quantise(player.x),
      quantise(player.y),
      quantise(player.vx),
      quantise(player.vy),
      player.inputs.acknowledged & 0xff,
      status
    )
  end
  return table.concat(parts, "", 1, #players + 1)
end

return snapshot
