---@meta
-- The `kaos` API for editors (Lua language server). Documentation: docs/lua.md.

---@class kaos.Presence
---@field member integer 1 to 65,535, unique in the room
---@field session_id string 16 hex digits
---@field user_id string
---@field username string
---@field metadata table
---@field reason? "left"|"dropped"|"kicked"|"replaced"|"room_closed"|"shutdown" in match_leave

---@class kaos.Message
---@field sender kaos.Presence
---@field op integer 0 to 65,535
---@field data any a string of bytes, or the value the client sent
---@field reliable boolean
---@field time integer Unix milliseconds of its arrival

---@class kaos.MatchContext
---@field room_id string
---@field module string
---@field version string of the scripts that the room runs
---@field label string
---@field tick_rate number Hz
---@field params any
---@field env table<string, string>
---@field time integer Unix milliseconds
---@field tick integer in match_loop
---@field dt number true seconds since the last tick ran; in match_loop
---@field skipped integer ticks that could not be caught up; in match_loop

---@class kaos.CallContext
---@field session_id string
---@field user_id string
---@field username string
---@field vars table<string, string>
---@field is_authenticated boolean
---@field client_ip string
---@field transport "websocket"|"rudp"
---@field env table<string, string>

---@class kaos.MatchInit
---@field state any
---@field tick_rate? number Hz, 1 to 128
---@field label? string
---@field max_players? integer
---@field empty_timeout? number seconds, 0 = never
---@field resume_window? number seconds that a lost member keeps its seat, 0 = none
---@field locked? boolean only who has a reservation may join
---@field private? boolean in no list, and not to be found

---@class kaos.JoinDetails
---@field password? string as the player gave it with the join

---@class kaos.MatchModule
---@field match_init fun(ctx: kaos.MatchContext, params: any): kaos.MatchInit
---@field match_join_attempt? fun(ctx: kaos.MatchContext, state: any, presence: kaos.Presence, join: kaos.JoinDetails): any, boolean, string?
---@field match_join fun(ctx: kaos.MatchContext, state: any, presences: kaos.Presence[]): any
---@field match_leave fun(ctx: kaos.MatchContext, state: any, presences: kaos.Presence[]): any
---@field match_drop? fun(ctx: kaos.MatchContext, state: any, presences: kaos.Presence[]): any
---@field match_resume? fun(ctx: kaos.MatchContext, state: any, presences: kaos.Presence[]): any
---@field match_loop fun(ctx: kaos.MatchContext, state: any, tick: integer, messages: kaos.Message[]): any
---@field match_signal? fun(ctx: kaos.MatchContext, state: any, data: any): any, any
---@field match_upgrade? fun(ctx: kaos.MatchContext, state: any, from_version: string): any
---@field match_terminate fun(ctx: kaos.MatchContext, state: any, grace_seconds: integer): any

---@class kaos.Room
---@field room_id string
---@field module string
---@field label string
---@field state? "creating"|"running"|"draining"
---@field size integer
---@field max_players integer
---@field tick_rate number
---@field created_ms integer
---@field version string of the scripts that the room runs

---@class kaos.Session
---@field session_id string
---@field user_id string
---@field username string
---@field vars table<string, string>
---@field is_authenticated boolean
---@field transport "websocket"|"rudp"
---@field latency_ms number
---@field started_ms integer
---@field rooms string[]

---@class kaos.RoomQuery
---@field query? string
---@field module? string
---@field label? string
---@field has_seat? boolean
---@field limit? integer
---@field cursor? string

---@alias kaos.HookedMessage
---| "session_start"
---| "session_end"
---| "heartbeat"
---| "room_create"
---| "room_join"
---| "room_leave"
---| "room_data"
---| "room_list"
---| "rpc"
---| "matchmaker_add"
---| "matchmaker_remove"
---| "matchmaker_matched"
---| "party"

---@class kaos
---@field null lightuserdata null in JSON and MessagePack
kaos = {}

---@param name string
---@param handler fun(ctx: kaos.CallContext, payload: any): any
function kaos.register_rpc(name, handler) end

---@param message kaos.HookedMessage
---@param handler fun(ctx: kaos.CallContext, msg: table): table?, string?
function kaos.register_before(message, handler) end

---@param message kaos.HookedMessage
---@param handler fun(ctx: kaos.CallContext, msg: table)
function kaos.register_after(message, handler) end

---@param session_id string
---@return kaos.Session?
function kaos.session_get(session_id) end

---@param session_id string
---@param reason? string
---@return boolean
function kaos.session_kick(session_id, reason) end

---@param module string
---@param params? any
---@return string room_id
function kaos.room_create(module, params) end

---@param room_id string
---@return kaos.Room?
function kaos.room_get(room_id) end

---@param query? kaos.RoomQuery
---@return kaos.Room[] rooms
---@return string? cursor
function kaos.room_list(query) end

---@param room_id string
---@param op integer
---@param data any
---@param presences? (kaos.Presence|string)[]
---@param reliable? boolean
function kaos.room_send(room_id, op, data, presences, reliable) end

---@param room_id string
---@param sender? kaos.Presence|string
---@param data any
---@param presences? (kaos.Presence|string)[]
---@param op? integer
---@param reliable? boolean
function kaos.broadcast(room_id, sender, data, presences, op, reliable) end

---@param room_id string
---@param presence kaos.Presence|string
---@param reason? string
---@return boolean
function kaos.room_kick(room_id, presence, reason) end

---@param room_id string
---@param presence? kaos.Presence|string for whoever brings the reservation when left out
---@param seconds? number up to 3,600
---@return string reservation
function kaos.room_reserve(room_id, presence, seconds) end

---@param room_id string of the room itself
---@param locked boolean
function kaos.room_set_locked(room_id, locked) end

---@param room_id string of the room itself
---@param private boolean
function kaos.room_set_private(room_id, private) end

---@param room_id string
---@param data any
---@return any reply
function kaos.room_signal(room_id, data) end

---@param room_id string
---@param label string
function kaos.room_label_update(room_id, label) end

---@param room_id string
---@param state any
function kaos.room_state(room_id, state) end

---@return integer milliseconds
function kaos.time_now() end

---@return string
function kaos.uuid() end

---@param value any
---@return string
function kaos.json_encode(value) end

---@param text string
---@return any
function kaos.json_decode(text) end

---@generic T: table
---@param table? T
---@return T
function kaos.array(table) end

---@param message any
function kaos.logger_info(message) end

---@param message any
function kaos.logger_warn(message) end

---@param message any
function kaos.logger_error(message) end
