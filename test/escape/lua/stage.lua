-- Makes a match module that is sound but for one place, where it hands over to an attack of the corpus.
local ATTACK, REPORT, FINISH = 1, 7, 99
local kaos, send, label_update, error, tostring, type, require =
  kaos, kaos.room_send, kaos.room_label_update, error, tostring, type, require

local function text(report)
  if report == nil then return "done" end
  return type(report) == "string" and report or tostring(report)
end

return function(name, place, is_returned)
  local file = require("corpus/" .. name)
  local attack = type(file) == "table" and file.attack or file
  local M, report = {}, nil

  -- Answers what the callback is to return: the attack's own result, or what a sound callback would return.
  local function run(here, sound, ...)
    if here ~= place then return sound end
    local result = attack(...)
    if is_returned then
      report = "returned"
      return result
    end
    report = text(result)
    return sound
  end

  run("load", nil, {})

  function M.match_init(ctx, params)
    local made = run("match_init", nil, ctx, params)
    if made ~= nil then return made end
    return { state = { sound = true }, tick_rate = 128, label = report, empty_timeout = 1 }
  end

  function M.match_join_attempt(ctx, state, presence)
    if presence.username ~= "Mallory" then return state, true end
    return state, run("match_join_attempt", true, ctx, state, presence)
  end

  function M.match_join(ctx, state, presences)
    if presences[1].username ~= "Mallory" then return state end
    return run("match_join", state, ctx, state, presences)
  end

  function M.match_leave(ctx, state, presences)
    if presences[1].username ~= "Mallory" then return state end
    return run("match_leave", state, ctx, state, presences)
  end

  function M.match_loop(ctx, state, tick, messages)
    if report ~= nil then
      local told = report
      report = nil
      send(ctx.room_id, REPORT, told)
    end
    for index = 1, #messages do
      local op = messages[index].op
      if op == FINISH then return nil end
      if op == ATTACK then return run("match_loop", state, ctx, state, tick, messages) end
    end
    return state
  end

  function M.match_signal(ctx, state, data)
    local answer = run("match_signal", nil, ctx, state, data)
    return state, answer == nil and report or answer
  end

  function M.match_terminate(ctx, state, grace_seconds)
    return run("match_terminate", state, ctx, state, grace_seconds)
  end

  return M
end
