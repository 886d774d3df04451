--- A room that sends everything back to whoever sent it.

local echo = {}

function echo.match_init()
  return { state = {}, tick_rate = 30, label = "echo" }
end

function echo.match_join(_, state)
  return state
end

function echo.match_leave(_, state)
  return state
end

function echo.match_loop(ctx, state, _, messages)
  for _, message in ipairs(messages) do
    kaos.room_send(ctx.room_id, message.op, message.data, { message.sender }, message.reliable)
  end
  return state
end

function echo.match_terminate() end

return echo
