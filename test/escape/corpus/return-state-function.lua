-- what: the state is a function, a coroutine, a trap: the server keeps it and never looks inside
-- where: match_loop, match_join, match_leave
-- result: returned
-- outcome: survives /^returned$/
return function()
  local function spin() while true do end end
  return setmetatable({ spin, coroutine.create(spin) }, { __index = spin, __call = spin, __close = spin, __mode = "kv" })
end
