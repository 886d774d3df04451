--- What the tests do with the game's modules in Lua. `lua-language.ts` calls it.

local angle = require("arena.angle")
local bots = require("arena.bots")
local config = require("arena.config")
local inputs = require("arena.inputs")
local movement = require("arena.movement")
local names = require("arena.names")
local orbs = require("arena.orbs")
local random = require("arena.random")
local snapshot = require("arena.snapshot")
local world = require("arena.world")

local bench = {}

local worlds, queues = {}, {}

local function map(list, fn)
  local mapped = {}
  for i, value in ipairs(list) do
    mapped[i] = fn(value)
  end
  return mapped
end

function bench.open_world(seed)
  worlds[#worlds + 1] = world.new(random.new(seed))
  return #worlds
end

function bench.stand(id, x, y, score)
  local player = worlds[id]:add_player({ name = "P", hue = 0, is_bot = false, score = score })
  player.x, player.y, player.protected = x, y, 0
  return player.slot
end

function bench.remove(id, slot)
  worlds[id]:remove_player(worlds[id].by_slot[slot])
end

function bench.change(id, slot, change)
  local player = worlds[id].by_slot[slot]
  for field, value in pairs(change) do
    player[field == "protection" and "protected" or field] = value
  end
end

function bench.want(id, slot, input)
  inputs.set(worlds[id].by_slot[slot].inputs, input.angle, input.strength, input.dash)
end

function bench.receive_input(id, slot, data)
  inputs.receive(worlds[id].by_slot[slot].inputs, data)
end

function bench.players(id)
  return map(worlds[id].players, function(player)
    return {
      x = player.x,
      y = player.y,
      vx = player.vx,
      vy = player.vy,
      radius = player.radius,
      cooldown = player.cooldown,
      slot = player.slot,
      name = player.name,
      score = player.score,
      protection = player.protected,
      isBot = player.is_bot,
    }
  end)
end

function bench.place_orb(id, x, y, value)
  orbs.place(worlds[id].orbs, worlds[id].events, x, y, value)
end

function bench.clear_orbs(id)
  local store = worlds[id].orbs
  for orb_id, orb in pairs(store.by_id) do
    store.grid:remove(orb)
    store.by_id[orb_id] = nil
    store.count = store.count - 1
  end
  worlds[id]:take_events()
end

function bench.orbs(id)
  local list = {}
  for _, orb in pairs(worlds[id].orbs.by_id) do
    list[#list + 1] = { orb = orb.id, x = orb.x, y = orb.y, value = orb.value }
  end
  table.sort(list, function(a, b) return a.orb < b.orb end)
  return list
end

function bench.balance(id, wanted, humans)
  bots.balance(worlds[id], wanted, humans)
end

function bench.step(id, ticks, with_bots)
  for _ = 1, ticks do
    if with_bots then
      bots.step(worlds[id])
    end
    worlds[id]:step()
  end
end

function bench.take_events(id)
  return worlds[id]:take_events()
end

function bench.snapshot(id)
  return snapshot.encode(worlds[id])
end

function bench.counts(id)
  return { steps = worlds[id].step_count, orbs = worlds[id].orbs.count }
end

function bench.open_inputs()
  queues[#queues + 1] = inputs.new()
  return #queues
end

function bench.receive(id, data)
  inputs.receive(queues[id], data)
end

function bench.take(id)
  local input = inputs.take(queues[id])
  return { angle = input.angle, strength = input.strength, dash = input.dash }
end

function bench.queue(id)
  return { size = #queues[id].waiting, acknowledged = queues[id].acknowledged }
end

function bench.walk(start, steps)
  return map(steps, function(input)
    movement.step(start, input)
    local body = {}
    for field, value in pairs(start) do
      body[field] = value
    end
    return body
  end)
end

function bench.radius(score)
  return movement.radius(score)
end

function bench.clean_name(raw)
  return names.clean(raw)
end

function bench.guest_name(fraction)
  return names.guest(fraction)
end

function bench.bot_names()
  return names.bots
end

function bench.config()
  return config
end

function bench.sin(radians)
  return map(radians, angle.sin)
end

function bench.cos(radians)
  return map(radians, angle.cos)
end

function bench.angle_of(vectors)
  return map(vectors, function(vector)
    return angle.of(vector.x, vector.y)
  end)
end

function bench.randoms(seed, count)
  local first, second = random.new(seed), random.new(seed)
  local numbers, integers = {}, {}
  for i = 1, count do
    numbers[i] = first:number()
    integers[i] = second:integer(3, 9)
  end
  return { numbers = numbers, integers = integers }
end

return bench
