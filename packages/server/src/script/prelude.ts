/** Under this name the prelude is loaded; scripts cannot have a module of that name. */
export const PRELUDE_MODULE = 'kaos/prelude'

/**
 * The part of the API that is Lua. It lets presences stand for their session ids (calls into the host are tail calls, so
 * that errors name the script's own line), and returns the functions of a match module in a fixed order.
 */
export const PRELUDE_SOURCE = `
local kaos, rawset = kaos, rawset
local native_send, native_broadcast, native_kick = kaos.room_send, kaos.broadcast, kaos.room_kick
local native_reserve = kaos.room_reserve

local function session_of(value)
  if type(value) == 'table' then return value.session_id end
  return value
end

local function sessions_of(values)
  if type(values) ~= 'table' then return values end
  local ids = {}
  for index = 1, #values do ids[index] = session_of(values[index]) end
  return ids
end

function kaos.room_send(room_id, op, data, presences, reliable)
  return native_send(room_id, op, data, sessions_of(presences), reliable)
end

function kaos.broadcast(room_id, sender, data, presences, op, reliable)
  return native_broadcast(room_id, session_of(sender), data, sessions_of(presences), op, reliable)
end

function kaos.room_kick(room_id, presence, reason)
  return native_kick(room_id, session_of(presence), reason)
end

function kaos.room_reserve(room_id, presence, seconds)
  return native_reserve(room_id, session_of(presence), seconds)
end

local function init(match_init, ctx, params)
  local made = match_init(ctx, params)
  if type(made) ~= 'table' then
    error('match_init must return a table { state = ..., tick_rate = ... }, got ' .. type(made), 0)
  end
  return made.state, made.tick_rate, made.label, made.max_players, made.empty_timeout, made.resume_window,
    made.locked, made.private
end

-- One call into Lua instead of one for each field: the host's calls are what a light tick is made of.
local function loop(match_loop, ctx, state, tick, messages, time, dt, skipped)
  -- Raw: whatever a script has made of its ctx, it gets these.
  rawset(ctx, 'time', time)
  rawset(ctx, 'tick', tick)
  rawset(ctx, 'dt', dt)
  rawset(ctx, 'skipped', skipped)
  return match_loop(ctx, state, tick, messages)
end

return function(module)
  if type(module) ~= 'table' then
    error('a match module must return a table of functions, got ' .. type(module), 0)
  end
  for _, name in ipairs { 'match_init', 'match_join', 'match_leave', 'match_loop', 'match_terminate' } do
    if type(module[name]) ~= 'function' then
      error('the match module has no function ' .. name, 0)
    end
  end
  return init, module.match_init, module.match_join_attempt, module.match_join, module.match_leave,
    module.match_loop, module.match_signal, module.match_terminate, module.match_upgrade,
    module.match_drop, module.match_resume, loop
end
`
