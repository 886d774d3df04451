-- Another room, which looks for what an attack left behind; its label says what it found.
local FINISH = 99
local M = {}

function M.match_init(_, params)
  return { state = {}, label = require("corpus/" .. params.name).check() or "clean", empty_timeout = 1, tick_rate = 128 }
end

function M.match_join(_, state) return state end
function M.match_leave(_, state) return state end
function M.match_terminate() return nil end

function M.match_loop(_, state, _, messages)
  for _, message in ipairs(messages) do if message.op == FINISH then return nil end end
  return state
end

return M
