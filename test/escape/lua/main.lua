-- The entry script: attacks that run as an RPC or as a before-hook, and what the tests need besides.
local require, tostring, type = require, tostring, type

local function file_of(name)
  local file = require("corpus/" .. name)
  return type(file) == "table" and file or { attack = file }
end

local function run(case, ...)
  local result = file_of(case.name).attack(...)
  if case.is_returned then return result end
  return result == nil and "done" or tostring(result)
end

kaos.register_rpc("attack", function(ctx, case) return run(case, ctx, case) end)

kaos.register_before("rpc", function(ctx, msg)
  if msg.name ~= "hooked" then return msg end
  local result = run(msg.payload, ctx, msg)
  if msg.payload.is_returned then return result end
  msg.payload = result
  return msg
end)

kaos.register_rpc("hooked", function(_, payload) return payload end)
kaos.register_rpc("signal", function(_, room_id) return kaos.room_signal(room_id, "attack") end)

-- What an attack did must not be seen from here.
kaos.register_rpc("check", function(_, name) return file_of(name).check() or "clean" end)

kaos.register_rpc("ping", function(_, payload) return ("%s"):format(payload):upper() end)
