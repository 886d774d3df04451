--- Every number of the game. Change one, start a new arena, and it plays differently.
--- Lengths are in units (the arena is 2,000 of them across), speeds in units per second, times in ticks.

local angle = require("arena.angle")

local config = {
  max_players = 50,
  --- Seconds an arena waits without people before it ends.
  empty_timeout = 30,
  --- Bots when neither the room's params nor the server's environment say how many.
  default_bots = 6,
  --- After a hiccup of the server at most this many missed ticks are simulated at once.
  catch_up_ticks = 5,

  orbs = {
    base_count = 120,
    per_player = 4,
    limit = 400,
    spawned_per_tick = 3,
    rich_chance = 0.06,
    rich_value = 5,
  },

  --- What a dash that hits does to its victim.
  hit = {
    knockback = 760,
    spill_share = 0.25,
    spill_max = 40,
    spill_orbs = 10,
    spill_distance = 130,
  },

  bump_restitution = 1.15,
  --- Slower bumps push silently: no event is sent.
  bump_event_speed = 140,
  speed_limit = 1500,

  protection = {
    spawn_ticks = 60,
    hit_ticks = 27,
  },

  --- Inputs that wait for their tick. More than this many means a burst arrived: the oldest are merged.
  input_backlog = 3,
  --- Who has sent nothing for this long stands still.
  input_timeout_ticks = 30,
}

--- Rules of movement. They are sent to every client, which predicts its own player with them.
config.rules = {
  tick_rate = 30,
  arena_radius = 1000,
  radius_base = 26,
  radius_per_root_score = 2.4,
  radius_max = 70,
  speed = 345,
  --- A player of the largest radius keeps this share of the speed.
  speed_share_at_max = 0.66,
  --- Share of the difference to the wanted velocity that one tick closes.
  grip = 0.2,
  dash_speed = 1000,
  dash_grip = 0.03,
  dash_ticks = 6,
  --- At most 63: a snapshot has six bits for it.
  dash_cooldown_ticks = 54,
  rim_restitution = 0.7,
  bumper_kick = 620,
  --- An orb is taken when it is this close to the player's edge.
  orb_reach = 12,
  --- Round obstacles that throw players back.
  bumpers = {},
}

--- One large bumper in the middle and six around it.
local bumpers = config.rules.bumpers
bumpers[1] = { x = 0, y = 0, radius = 90 }
for i = 1, 6 do
  local turn = (i - 0.5) * math.pi / 3
  bumpers[i + 1] = { x = angle.cos(turn) * 560, y = angle.sin(turn) * 560, radius = 54 }
end

return config
