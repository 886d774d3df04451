--- The arena as a match module: it connects people to the world, and the world to people.

local bots = require("arena.bots")
local config = require("arena.config")
local inputs = require("arena.inputs")
local names = require("arena.names")
local random = require("arena.random")
local snapshot = require("arena.snapshot")
local world = require("arena.world")

local arena = {}

--- Operation codes of this game; README.md describes each message.
local op = { input = 1, snapshot = 2, welcome = 3, events = 4 }

local function clamped_integer(value, low, high)
  local number = math.tointeger(tonumber(value))
  return number and math.min(math.max(number, low), high)
end

--- Params of the room: `bots` (how many; otherwise the server's environment says it) and `seed` (to repeat a game).
function arena.match_init(ctx, params)
  if type(params) ~= "table" then
    params = {}
  end
  local seed = math.tointeger(tonumber(params.seed)) or math.random(0, 0xffffffff)
  local max_bots = config.max_players
  local state = {
    world = world.new(random.new(seed)),
    wanted_bots = clamped_integer(params.bots, 0, max_bots)
      or clamped_integer(ctx.env and ctx.env.bots, 0, max_bots)
      or config.default_bots,
    humans = 0,
    players = {}, -- by presence
  }
  bots.balance(state.world, state.wanted_bots, 0)
  state.world:take_events()
  return {
    state = state,
    tick_rate = config.rules.tick_rate,
    label = "arena",
    max_players = config.max_players,
    empty_timeout = config.empty_timeout,
  }
end

local function send_events(ctx, state)
  local events = state.world:take_events()
  if #events > 0 then
    kaos.room_send(ctx.room_id, op.events, { step = state.world.step_count, events = events })
  end
end

--- Everything a newcomer must know; from here on events keep it up to date.
local function welcome(state, player)
  local players, orbs = {}, {}
  for i, other in ipairs(state.world.players) do
    players[i] = world.describe(other)
  end
  for _, orb in pairs(state.world.orbs.by_id) do
    orbs[#orbs + 1] = { orb = orb.id, x = orb.x, y = orb.y, value = orb.value }
  end
  return {
    you = player.slot,
    step = state.world.step_count,
    rules = config.rules,
    players = players,
    orbs = kaos.array(orbs),
  }
end

local function hue_of(presence, generator)
  return clamped_integer(presence.metadata and presence.metadata.hue, 0, 359) or generator:integer(0, 359)
end

function arena.match_join(ctx, state, presences)
  -- What happened before belongs to those who were here; the welcome already contains it.
  send_events(ctx, state)
  state.humans = state.humans + #presences
  bots.balance(state.world, state.wanted_bots, state.humans)
  for _, presence in ipairs(presences) do
    state.players[presence.member] = state.world:add_player({
      name = names.clean(presence.username) or names.guest(state.world.random:number()),
      hue = hue_of(presence, state.world.random),
      is_bot = false,
    })
  end
  for _, presence in ipairs(presences) do
    local player = state.players[presence.member]
    kaos.room_send(ctx.room_id, op.welcome, welcome(state, player), { presence })
  end
  return state
end

function arena.match_leave(_, state, presences)
  for _, presence in ipairs(presences) do
    local player = state.players[presence.member]
    if player then
      state.players[presence.member] = nil
      state.world:remove_player(player)
      state.humans = state.humans - 1
    end
  end
  bots.balance(state.world, state.wanted_bots, state.humans)
  return state
end

function arena.match_loop(ctx, state, _, messages)
  for _, message in ipairs(messages) do
    local player = state.players[message.sender.member]
    if player and message.op == op.input then
      inputs.receive(player.inputs, message.data)
    end
  end
  -- Nobody watches: the arena stands still until somebody comes.
  if state.humans == 0 then
    return state
  end
  for _ = 1, 1 + math.min(ctx.skipped or 0, config.catch_up_ticks) do
    bots.step(state.world)
    state.world:step()
  end
  send_events(ctx, state)
  kaos.room_send(ctx.room_id, op.snapshot, snapshot.encode(state.world), nil, false)
  return state
end

function arena.match_terminate() end

return arena
