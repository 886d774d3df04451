-- The room that must not notice: it counts its ticks and the skipped ones, and answers a probe after so many ticks more.
local PROBE, FINISH = 1, 99
local M = {}

function M.match_init()
  return { state = { ticks = 0, skipped = 0, probes = {} }, tick_rate = 30, empty_timeout = 0 }
end

function M.match_join(_, state) return state end
function M.match_leave(_, state) return state end
function M.match_terminate(_, state) return state end

-- What a neighbour could have broken, if anything were shared.
local function is_sane()
  return ("ab"):rep(2):upper() == "ABAB" and leaked == nil and getmetatable("").__index == string
    and #table.pack(table.unpack({ 1, 2, 3 })) == 3 and kaos.json_encode({ 1 }) == "[1]"
end

function M.match_loop(ctx, state, tick, messages)
  state.ticks = state.ticks + 1
  state.skipped = state.skipped + ctx.skipped
  for _, message in ipairs(messages) do
    if message.op == FINISH then return nil end
    if message.op == PROBE then
      table.insert(state.probes, {
        sender = message.sender, echo = message.data.echo, due = state.ticks + message.data.ticks, skipped = state.skipped,
      })
    end
  end
  for index = #state.probes, 1, -1 do
    local probe = state.probes[index]
    if state.ticks >= probe.due then
      table.remove(state.probes, index)
      local answer = {
        echo = probe.echo, ticks = state.ticks, skipped = state.skipped, skipped_before = probe.skipped, sane = is_sane(),
      }
      kaos.room_send(ctx.room_id, PROBE, answer, { probe.sender })
    end
  end
  return state
end

return M
