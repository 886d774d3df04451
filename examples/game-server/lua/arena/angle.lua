--- Sine, cosine and arctangent, built from arithmetic that every machine rounds alike. The libraries of languages
--- differ in the last bit, and in a crowd that bumps into each other the last bit decides who is where a minute later:
--- with these, the same inputs give the same game in Lua and in TypeScript (`modules/arena/angle.ts`).

local angle = {}

local floor = math.floor
local half_pi = math.pi / 2

--- Taylor's series, to the last digit of a double within an eighth of a turn.
local function sin_near_zero(x)
  local s = x * x
  return x * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156 * (1 - s / 210)))))))
end

local function cos_near_zero(x)
  local s = x * x
  return 1
    - s / 2 * (1 - s / 12 * (1 - s / 30 * (1 - s / 56 * (1 - s / 90 * (1 - s / 132 * (1 - s / 182 * (1 - s / 240)))))))
end

--- The sine of `radians` plus so many quarters of a turn.
local function wave(radians, quarters)
  local nearest = floor(radians / half_pi + 0.5)
  local rest = radians - nearest * half_pi
  local quadrant = (nearest + quarters) & 3
  local value = quadrant % 2 == 0 and sin_near_zero(rest) or cos_near_zero(rest)
  return quadrant < 2 and value or -value
end

---@param radians number a few turns at most
function angle.sin(radians)
  return wave(radians, 0)
end

---@param radians number a few turns at most
function angle.cos(radians)
  return wave(radians, 1)
end

--- The direction of a vector in radians, to a hundred-millionth; 0 for the vector without length.
function angle.of(x, y)
  local wide, high = math.abs(x), math.abs(y)
  local long, short = math.max(wide, high), math.min(wide, high)
  if long == 0 then
    return 0
  end
  -- (t - 1) / (t + 1) turns by an eighth, so that the series below gets small numbers only.
  local is_steep = short > 0.4 * long
  local t = is_steep and (short - long) / (short + long) or short / long
  local s = t * t
  local turn = t * (1 - s * (1 / 3 - s * (1 / 5 - s * (1 / 7 - s * (1 / 9 - s * (1 / 11 - s * (1 / 13 - s * (1 / 15 - s / 17))))))))
  if is_steep then
    turn = turn + math.pi / 4
  end
  if high > wide then
    turn = half_pi - turn
  end
  if x < 0 then
    turn = math.pi - turn
  end
  return y < 0 and -turn or turn
end

return angle
