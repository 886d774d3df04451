-- A room that ends with its first tick; one that is signalled passes the signal on to the room it is told.
local M = {}

function M.match_init() return { state = {}, tick_rate = 60 } end
function M.match_join(_, state) return state end
function M.match_leave(_, state) return state end
function M.match_loop() return nil end
function M.match_signal(_, state, data) return state, kaos.room_signal(data.room_id, data) end
function M.match_terminate() return nil end

return M
