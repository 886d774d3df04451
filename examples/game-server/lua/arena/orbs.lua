--- The orbs that lie in the arena: they appear by themselves, are collected, and spill out of players who are hit.

local angle = require("arena.angle")
local config = require("arena.config")
local grid = require("arena.grid")

local orbs = {}

local rules = config.rules
local settings = config.orbs

---@class Orb
---@field id integer counts up and is never used again
---@field x number
---@field y number
---@field value integer

---@param random table a generator of `arena.random`
function orbs.new(random)
  return { random = random, by_id = {}, last_id = 0, count = 0, grid = grid.new(rules.arena_radius, 110), near = {} }
end

local function touches_bumper(x, y, margin)
  for _, bumper in ipairs(rules.bumpers) do
    local dx, dy, reach = x - bumper.x, y - bumper.y, bumper.radius + margin
    if dx * dx + dy * dy < reach * reach then
      return true
    end
  end
  return false
end

--- A random point that is inside the arena and outside the bumpers, with a margin.
function orbs.free_point(random, margin)
  local x, y
  repeat
    local turn = random:number() * 2 * math.pi
    -- The root spreads points evenly over the disc instead of crowding the middle.
    local distance = math.sqrt(random:number()) * (rules.arena_radius - margin)
    x, y = angle.cos(turn) * distance, angle.sin(turn) * distance
  until not touches_bumper(x, y, margin)
  return x, y
end

--- Puts an orb down, and says so in `events`.
---@param from integer|nil slot of the player it flew out of
---@return Orb|nil orb nil when the arena holds as many as it can
function orbs.place(store, events, x, y, value, from)
  if store.count >= settings.limit then
    return nil
  end
  local id = store.last_id + 1
  local orb = { id = id, x = math.floor(x), y = math.floor(y), value = value }
  store.by_id[id] = orb
  store.last_id = id
  store.count = store.count + 1
  store.grid:insert(orb)
  events[#events + 1] = { e = "orb", orb = id, x = orb.x, y = orb.y, value = value, from = from }
  return orb
end

--- Grows the number of orbs towards what so many players need.
function orbs.replenish(store, events, player_count, limit)
  local wanted = settings.base_count + settings.per_player * player_count
  for _ = 1, math.min(limit, wanted - store.count) do
    local x, y = orbs.free_point(store.random, 40)
    local is_rich = store.random:number() < settings.rich_chance
    orbs.place(store, events, x, y, is_rich and settings.rich_value or 1)
  end
end

--- Takes the orbs that the player touches.
---@return integer gained the sum of their values
function orbs.collect(store, events, player)
  local reach = player.radius + rules.orb_reach
  local gained = 0
  for i = 1, store.grid:near(player.x, player.y, reach, store.near) do
    local orb = store.near[i]
    local dx, dy = orb.x - player.x, orb.y - player.y
    if dx * dx + dy * dy < reach * reach then
      store.grid:remove(orb)
      store.by_id[orb.id] = nil
      store.count = store.count - 1
      gained = gained + orb.value
      events[#events + 1] = { e = "take", orb = orb.id, by = player.slot }
    end
  end
  return gained
end

--- Throws `amount` points out of the player as a ring of orbs.
---@return integer spilled what really lies there now
function orbs.spill(store, events, player, amount)
  local count = math.min(amount, config.hit.spill_orbs)
  local first = store.random:number() * 2 * math.pi
  local spilled = 0
  for i = 1, count do
    local value = (amount * i) // count - (amount * (i - 1)) // count
    local turn = first + i * 2 * math.pi / count
    local distance = player.radius + config.hit.spill_distance * (0.4 + 0.6 * store.random:number())
    local x, y = player.x + angle.cos(turn) * distance, player.y + angle.sin(turn) * distance
    local from_middle = math.sqrt(x * x + y * y)
    local limit = rules.arena_radius - 30
    if from_middle > limit then
      x, y = x * limit / from_middle, y * limit / from_middle
    end
    if touches_bumper(x, y, 10) then
      x, y = orbs.free_point(store.random, 40)
    end
    if orbs.place(store, events, x, y, value, player.slot) then
      spilled = spilled + value
    end
  end
  return spilled
end

return orbs
