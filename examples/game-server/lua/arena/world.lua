--- The world of one arena: who is in it, where everything is, and what happens in a tick. It knows neither rooms nor
--- the network: what clients must hear about is appended to `events`. The same seed and the same inputs give
--- the same world, to the last bit.

local collisions = require("arena.collisions")
local config = require("arena.config")
local inputs = require("arena.inputs")
local movement = require("arena.movement")
local orbs = require("arena.orbs")

local world = {}
world.__index = world

---@class Player : Body
---@field slot integer 1 to config.max_players: who this is in snapshots and events
---@field name string
---@field hue integer degrees on the colour wheel
---@field is_bot boolean
---@field score integer
---@field protected integer ticks in which the player neither hits nor is hit

---@param random table a generator of `arena.random`
function world.new(random)
  local self = setmetatable({
    random = random,
    step_count = 0,
    players = {},
    by_slot = {},
    last_slot = 0,
    orbs = orbs.new(random),
    collisions = collisions.new(),
    events = {},
  }, world)
  orbs.replenish(self.orbs, self.events, 0, math.huge)
  return self
end

--- Slots are handed out in a cycle, so that a late snapshot of a player who left does not move a newcomer.
local function free_slot(self)
  local slot = self.last_slot
  for _ = 1, config.max_players do
    slot = slot % config.max_players + 1
    if not self.by_slot[slot] then
      self.last_slot = slot
      return slot
    end
  end
  error("the arena is full")
end

local function emit(self, event)
  self.events[#self.events + 1] = event
end

--- What clients know of a player besides its motion.
function world.describe(player)
  return { slot = player.slot, name = player.name, hue = player.hue, score = player.score }
end

---@param profile { name: string, hue: integer, is_bot: boolean, score: integer|nil }
---@return Player
function world:add_player(profile)
  local x, y = orbs.free_point(self.random, 90)
  local score = profile.score or 0
  local player = {
    slot = free_slot(self),
    name = profile.name,
    hue = profile.hue,
    is_bot = profile.is_bot,
    score = score,
    radius = movement.radius(score),
    x = x,
    y = y,
    vx = 0,
    vy = 0,
    cooldown = 0,
    protected = config.protection.spawn_ticks,
    inputs = inputs.new(),
  }
  self.by_slot[player.slot] = player
  self.collisions.grid:insert(player)
  self.players[#self.players + 1] = player
  table.sort(self.players, function(a, b) return a.slot < b.slot end)
  emit(self, { e = "enter", player = world.describe(player) })
  return player
end

function world:remove_player(player)
  self.by_slot[player.slot] = nil
  self.collisions.grid:remove(player)
  for i, other in ipairs(self.players) do
    if other == player then
      table.remove(self.players, i)
    end
  end
  emit(self, { e = "leave", slot = player.slot })
end

function world:add_score(player, points)
  if points == 0 then
    return
  end
  player.score = player.score + points
  player.radius = movement.radius(player.score)
  emit(self, { e = "score", slot = player.slot, score = player.score })
end

local function move(self, player)
  local bumper, dashed = movement.step(player, inputs.take(player.inputs))
  if dashed then
    player.protected = 0
    emit(self, { e = "dash", slot = player.slot })
  elseif player.protected > 0 then
    player.protected = player.protected - 1
  end
  if bumper then
    emit(self, { e = "bumper", bumper = bumper, slot = player.slot })
  end
end

--- Simulates one tick.
function world:step()
  self.step_count = self.step_count + 1
  local players = self.players
  for i = 1, #players do
    move(self, players[i])
  end
  collisions.resolve(self)
  for i = 1, #players do
    self:add_score(players[i], orbs.collect(self.orbs, self.events, players[i]))
  end
  orbs.replenish(self.orbs, self.events, #players, config.orbs.spawned_per_tick)
end

--- Hands over the events since the last call.
function world:take_events()
  local events = self.events
  self.events = {}
  return events
end

return world
