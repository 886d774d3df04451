--- Ticks and does nothing.

local empty = {}

function empty.match_init(ctx, params)
  return { state = { tick = 0, time = 0 }, tick_rate = params.hz, max_players = 2, empty_timeout = 0 }
end

function empty.match_join(ctx, state, presences)
  return state
end

function empty.match_leave(ctx, state, presences)
  return state
end

function empty.match_loop(ctx, state, tick)
  state.tick = tick
  state.time = ctx.time
  return state
end

function empty.match_signal(ctx, state)
  return state, { tick = state.tick, timeMs = state.time }
end

function empty.match_terminate()
  return nil
end

return empty
