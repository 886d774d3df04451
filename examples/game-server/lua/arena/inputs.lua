--- What players want, tick by tick. A client numbers its inputs and sends the newest few in every message, so a lost
--- message costs nothing as long as the next one arrives. One input is used per tick; the number of the last one
--- used is what the snapshot acknowledges.

local config = require("arena.config")

local inputs = {}

local angle_per_unit = 2 * math.pi / 256
local header_bytes, input_bytes, inputs_per_message = 2, 2, 4
local dash_bit, strength_mask = 0x80, 0x7f

function inputs.new()
  return {
    waiting = {},
    --- Number of the newest input that arrived; nil before the first.
    received = nil,
    --- Number of the last input that was used, for the snapshot.
    acknowledged = 0,
    --- Ticks since an input was there.
    idle = 0,
    current = { angle = 0, strength = 0, dash = false },
  }
end

local function decode(data, index)
  local angle, bits = string.unpack("<BB", data, header_bytes + (index - 1) * input_bytes + 1)
  return {
    angle = angle * angle_per_unit,
    strength = (bits & strength_mask) / strength_mask,
    dash = bits & dash_bit ~= 0,
  }
end

--- Takes a message of the client: `newest u16`, then up to four inputs from the newest to the oldest.
---@param data any what arrived; anything that is not such a message is ignored
function inputs.receive(queue, data)
  if type(data) ~= "string" then
    return
  end
  local count = (#data - header_bytes) // input_bytes
  if count < 1 or count > inputs_per_message or #data ~= header_bytes + count * input_bytes then
    return
  end
  local newest = string.unpack("<I2", data)
  local received = queue.received or newest - count
  for index = count, 1, -1 do
    local number = (newest - index + 1) & 0xffff
    local ahead = (number - received) & 0xffff
    -- Numbers wrap around: what seems to be more than half the circle ahead is old.
    if ahead > 0 and ahead < 0x8000 then
      local input = decode(data, index)
      input.number = number
      queue.waiting[#queue.waiting + 1] = input
      received = number
    end
  end
  queue.received = received
  -- A burst after a gap would otherwise be played back late, tick by tick. A dash in it must not get lost.
  while #queue.waiting > config.input_backlog do
    local dropped = table.remove(queue.waiting, 1)
    queue.waiting[1].dash = queue.waiting[1].dash or dropped.dash
  end
end

--- The input for this tick: the next one that waits, or the last one again without its dash, for a while.
function inputs.take(queue)
  local input = table.remove(queue.waiting, 1)
  if input then
    queue.current = input
    queue.acknowledged = input.number
    queue.idle = 0
    return input
  end
  queue.idle = queue.idle + 1
  queue.current.dash = false
  if queue.idle > config.input_timeout_ticks then
    queue.current.strength = 0
  end
  return queue.current
end

--- For bots, which send no messages: wants this from the next tick on.
function inputs.set(queue, angle, strength, dash)
  queue.waiting[1] = { angle = angle, strength = strength, dash = dash, number = 0 }
end

return inputs
