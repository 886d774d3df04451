--- How one body moves in one tick. The web client predicts its own player with the same arithmetic
--- (`web/movement.ts`); a test runs both side by side, so change them together.

local angle = require("arena.angle")
local rules = require("arena.config").rules

local movement = {}

local tick_seconds = 1 / rules.tick_rate

---@class Body
---@field x number
---@field y number
---@field vx number
---@field vy number
---@field radius number
---@field cooldown integer ticks until the next dash is allowed

---@class Input
---@field angle number direction in radians
---@field strength number 0 to 1
---@field dash boolean

--- Score makes a player larger and, with it, slower.
function movement.radius(score)
  return math.min(rules.radius_base + rules.radius_per_root_score * math.sqrt(score), rules.radius_max)
end

function movement.top_speed(radius)
  local growth = (radius - rules.radius_base) / (rules.radius_max - rules.radius_base)
  return rules.speed * (1 - growth * (1 - rules.speed_share_at_max))
end

--- A dash is told from its cooldown, which therefore is all that a snapshot must carry.
function movement.is_dashing(body)
  return body.cooldown > rules.dash_cooldown_ticks - rules.dash_ticks
end

--- Throws the body back from a bumper it touches.
local function leave_bumper(body, bumper)
  local dx, dy = body.x - bumper.x, body.y - bumper.y
  local reach = body.radius + bumper.radius
  local squared = dx * dx + dy * dy
  if squared >= reach * reach then
    return false
  end
  local distance = math.sqrt(squared)
  local nx, ny = 1, 0
  if distance > 0 then
    nx, ny = dx / distance, dy / distance
  end
  body.x, body.y = bumper.x + nx * reach, bumper.y + ny * reach
  local outward = body.vx * nx + body.vy * ny
  if outward < rules.bumper_kick then
    local push = rules.bumper_kick - outward
    body.vx, body.vy = body.vx + push * nx, body.vy + push * ny
  end
  return true
end

local function stay_inside(body)
  local limit = rules.arena_radius - body.radius
  local squared = body.x * body.x + body.y * body.y
  if squared <= limit * limit then
    return
  end
  local distance = math.sqrt(squared)
  local nx, ny = body.x / distance, body.y / distance
  body.x, body.y = nx * limit, ny * limit
  local outward = body.vx * nx + body.vy * ny
  if outward > 0 then
    local push = outward * (1 + rules.rim_restitution)
    body.vx, body.vy = body.vx - push * nx, body.vy - push * ny
  end
end

--- Moves the body by one tick.
---@param body Body
---@param input Input
---@return integer|nil bumper index of the bumper it hit
---@return boolean dashed whether a dash began
function movement.step(body, input)
  local dx, dy = angle.cos(input.angle), angle.sin(input.angle)
  if body.cooldown > 0 then
    body.cooldown = body.cooldown - 1
  end
  local dashed = input.dash and body.cooldown == 0
  if dashed then
    body.vx, body.vy = dx * rules.dash_speed, dy * rules.dash_speed
    body.cooldown = rules.dash_cooldown_ticks
  end

  local wanted = movement.top_speed(body.radius) * input.strength
  local grip = movement.is_dashing(body) and rules.dash_grip or rules.grip
  body.vx = body.vx + (dx * wanted - body.vx) * grip
  body.vy = body.vy + (dy * wanted - body.vy) * grip
  body.x = body.x + body.vx * tick_seconds
  body.y = body.y + body.vy * tick_seconds

  local hit
  for i = 1, #rules.bumpers do
    if leave_bumper(body, rules.bumpers[i]) then
      hit = i
    end
  end
  stay_inside(body)
  return hit, dashed
end

return movement
