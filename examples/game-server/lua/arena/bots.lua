--- Players without people: enough life for one visitor, and no masters. A bot looks around a few times a second, and
--- then wants one thing: to get out of a dash's way, to dash at somebody worth it, or to reach the best orb nearby.

local angles = require("arena.angle")
local config = require("arena.config")
local inputs = require("arena.inputs")
local movement = require("arena.movement")
local names = require("arena.names")
local orbs = require("arena.orbs")

local bots = {}

local rules = config.rules
local think_every_ticks = 6
local sight = 420
local dash_reach = 230
local danger_reach = 190
local prey_score = 4

local near = {}

local function unused_name(world)
  local taken = {}
  for _, player in ipairs(world.players) do
    taken[player.name] = true
  end
  local first = world.random:integer(1, #names.bots)
  for i = 0, #names.bots - 1 do
    local name = names.bots[(first + i - 1) % #names.bots + 1]
    if not taken[name] then
      return name
    end
  end
  return names.guest(world.random:number())
end

---@return Player
function bots.add(world)
  local bot = world:add_player({
    name = unused_name(world),
    hue = world.random:integer(0, 359),
    is_bot = true,
    -- Nobody starts from nothing at the same moment in a place that looks alive.
    score = world.random:integer(0, 12),
  })
  bot.mind = {
    --- Chance to attack when it could.
    boldness = 0.08 + 0.3 * world.random:number(),
    pace = 0.78 + 0.22 * world.random:number(),
    goal_x = bot.x,
    goal_y = bot.y,
  }
  return bot
end

--- Keeps as many bots as wanted, and never so many that a person would find no seat.
function bots.balance(world, wanted, humans)
  local count = 0
  for _, player in ipairs(world.players) do
    count = count + (player.is_bot and 1 or 0)
  end
  local allowed = math.min(wanted, config.max_players - humans)
  while count < allowed do
    bots.add(world)
    count = count + 1
  end
  for i = #world.players, 1, -1 do
    if count <= allowed then
      break
    end
    if world.players[i].is_bot then
      world:remove_player(world.players[i])
      count = count - 1
    end
  end
end

local function distance_between(a, b)
  local dx, dy = b.x - a.x, b.y - a.y
  return math.sqrt(dx * dx + dy * dy)
end

--- Somebody who dashes towards the bot.
local function find_threat(world, bot)
  for _, other in ipairs(world.players) do
    if other ~= bot and movement.is_dashing(other) and distance_between(bot, other) < danger_reach then
      local towards = (bot.x - other.x) * other.vx + (bot.y - other.y) * other.vy
      if towards > 0 then
        return other
      end
    end
  end
  return nil
end

--- The richest player within reach of a dash.
local function find_prey(world, bot)
  local prey
  for _, other in ipairs(world.players) do
    local is_worth_it = other ~= bot and other.protected == 0 and other.score >= prey_score
    if is_worth_it and distance_between(bot, other) - other.radius < dash_reach then
      if not prey or other.score > prey.score then
        prey = other
      end
    end
  end
  return prey
end

local function find_orb(world, bot)
  local best, best_worth
  for i = 1, world.orbs.grid:near(bot.x, bot.y, sight, near) do
    local orb = near[i]
    local worth = orb.value / (60 + distance_between(bot, orb))
    if not best or worth > best_worth then
      best, best_worth = orb, worth
    end
  end
  return best
end

--- Turns the direction away from a bumper that is in the way.
local function around_bumpers(bot, angle)
  local cos, sin = angles.cos(angle), angles.sin(angle)
  for _, bumper in ipairs(rules.bumpers) do
    local dx, dy = bumper.x - bot.x, bumper.y - bot.y
    local clearance = bumper.radius + bot.radius + 14
    local ahead = dx * cos + dy * sin
    local aside = dy * cos - dx * sin
    if ahead > 0 and ahead < clearance + 90 and math.abs(aside) < clearance then
      local turn = math.pi / 3
      return aside > 0 and angle - turn or angle + turn
    end
  end
  return angle
end

local function think(world, bot)
  local mind = bot.mind
  local threat = find_threat(world, bot)
  if threat then
    -- Sideways, out of the line of the dash.
    inputs.set(bot.inputs, angles.of(threat.vx, threat.vy) + math.pi / 2, 1, false)
    return
  end

  local prey = bot.cooldown == 0 and world.random:number() < mind.boldness and find_prey(world, bot)
  if prey then
    local lead = 0.15
    local angle = angles.of(prey.x + prey.vx * lead - bot.x, prey.y + prey.vy * lead - bot.y)
    inputs.set(bot.inputs, angle, 1, true)
    return
  end

  local orb = find_orb(world, bot)
  if orb then
    mind.goal_x, mind.goal_y = orb.x, orb.y
  elseif distance_between(bot, { x = mind.goal_x, y = mind.goal_y }) < 60 then
    mind.goal_x, mind.goal_y = orbs.free_point(world.random, 90)
  end
  local wobble = (world.random:number() - 0.5) * 0.3
  local angle = angles.of(mind.goal_x - bot.x, mind.goal_y - bot.y) + wobble
  inputs.set(bot.inputs, around_bumpers(bot, angle), mind.pace, false)
end

--- Lets every bot think when it is its turn; the turns are spread over the ticks.
function bots.step(world)
  for _, player in ipairs(world.players) do
    if player.is_bot and (world.step_count + player.slot) % think_every_ticks == 0 then
      think(world, player)
    end
  end
end

return bots
