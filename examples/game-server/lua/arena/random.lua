--- Random numbers that are the same in Lua and in TypeScript (`modules/arena/random.ts`) for the same seed, so that a
--- test can let both play the same game. Not for secrets.

local random = {}
random.__index = random

local low_32_bits = 0xffffffff
--- 2^32 divided by the golden ratio: steps of this size visit every number once, and neighbours lie far apart.
local step = 0x9e3779b9

---@param seed integer its low 32 bits count
function random.new(seed)
  return setmetatable({ counter = seed & low_32_bits }, random)
end

--- From 0 to just below 1. The finaliser of MurmurHash3 scatters the bits of a counter.
function random:number()
  self.counter = (self.counter + step) & low_32_bits
  local bits = self.counter
  bits = ((bits ~ bits >> 16) * 0x85ebca6b) & low_32_bits
  bits = ((bits ~ bits >> 13) * 0xc2b2ae35) & low_32_bits
  return (bits ~ bits >> 16) / 0x100000000
end

--- A whole number, both ends included.
function random:integer(low, high)
  return low + math.floor(self:number() * (high - low + 1))
end

return random
