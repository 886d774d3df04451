--- Ticks and does nothing.

local idle = {}

function idle.match_init(ctx, params)
  return { state = { ticks = 0 }, tick_rate = params.hz, max_players = 2, empty_timeout = params.empty_timeout }
end

function idle.match_join(ctx, state, presences)
  return state
end

function idle.match_leave(ctx, state, presences)
  return state
end

function idle.match_loop(ctx, state)
  state.ticks = state.ticks + 1
  return state
end

function idle.match_terminate()
  return nil
end

return idle
