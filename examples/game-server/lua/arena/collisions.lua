--- Players against players: they push each other by weight, and a dash knocks points out of whom it hits.

local config = require("arena.config")
local grid = require("arena.grid")
local movement = require("arena.movement")
local orbs = require("arena.orbs")

local collisions = {}

local rules = config.rules
local hit = config.hit

function collisions.new()
  -- Two of the largest players touch at twice their radius, so a query looks at four cells at most.
  return { grid = grid.new(rules.arena_radius, 2 * rules.radius_max), near = {} }
end

--- The weight of a player grows with its area.
local function share_of(a, b)
  local weight_a, weight_b = a.radius * a.radius, b.radius * b.radius
  return weight_b / (weight_a + weight_b)
end

local function can_hit(attacker, victim)
  return movement.is_dashing(attacker) and attacker.protected == 0 and victim.protected == 0
end

local function limit_speed(player)
  local speed = math.sqrt(player.vx * player.vx + player.vy * player.vy)
  if speed > config.speed_limit then
    local scale = config.speed_limit / speed
    player.vx, player.vy = player.vx * scale, player.vy * scale
  end
end

--- The attacker's dash reached the victim; (nx, ny) points from attacker to victim.
local function strike(world, attacker, victim, nx, ny)
  local knockback = hit.knockback * (0.6 + 0.8 * share_of(victim, attacker))
  victim.vx, victim.vy = victim.vx + nx * knockback, victim.vy + ny * knockback
  limit_speed(victim)
  victim.protected = config.protection.hit_ticks

  local loss = math.min(math.ceil(victim.score * hit.spill_share), hit.spill_max)
  local spilled = orbs.spill(world.orbs, world.events, victim, loss)
  world.events[#world.events + 1] = { e = "hit", by = attacker.slot, on = victim.slot, spilled = spilled }
  world:add_score(victim, -spilled)
end

--- Moves two overlapping players apart and lets them bounce.
local function bump(world, a, b, nx, ny, overlap)
  local share_a = share_of(a, b)
  local share_b = 1 - share_a
  a.x, a.y = a.x - nx * overlap * share_a, a.y - ny * overlap * share_a
  b.x, b.y = b.x + nx * overlap * share_b, b.y + ny * overlap * share_b

  local closing = (a.vx - b.vx) * nx + (a.vy - b.vy) * ny
  if closing <= 0 then
    return
  end
  local impulse = closing * (1 + config.bump_restitution)
  a.vx, a.vy = a.vx - nx * impulse * share_a, a.vy - ny * impulse * share_a
  b.vx, b.vy = b.vx + nx * impulse * share_b, b.vy + ny * impulse * share_b
  limit_speed(a)
  limit_speed(b)
  if closing > config.bump_event_speed then
    world.events[#world.events + 1] = { e = "bump", a = a.slot, b = b.slot }
  end
end

local function meet(world, a, b)
  local dx, dy = b.x - a.x, b.y - a.y
  local reach = a.radius + b.radius
  local squared = dx * dx + dy * dy
  if squared >= reach * reach then
    return
  end
  local distance = math.sqrt(squared)
  local nx, ny = 1, 0
  if distance > 0 then
    nx, ny = dx / distance, dy / distance
  end
  local a_hits, b_hits = can_hit(a, b), can_hit(b, a)
  bump(world, a, b, nx, ny, reach - distance)
  if a_hits then
    strike(world, a, b, nx, ny)
  end
  if b_hits then
    strike(world, b, a, -nx, -ny)
  end
end

--- Finds every pair of players that touch, each pair once, in the order of their slots.
function collisions.resolve(world)
  local store = world.collisions
  local players = world.players
  for i = 1, #players do
    store.grid:move(players[i])
  end
  for i = 1, #players do
    local player = players[i]
    local count = store.grid:near(player.x, player.y, player.radius + rules.radius_max, store.near)
    for j = 1, count do
      local other = store.near[j]
      if other.slot > player.slot then
        meet(world, player, other)
      end
    end
  end
end

return collisions
