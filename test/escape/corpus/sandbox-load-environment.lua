-- what: load with an environment of its own, which gets at nothing that the sandbox took away
-- where: match_loop, rpc
-- outcome: survives /^nil nil nil$/
return function()
  local environment = setmetatable({}, { __index = _G })
  local chunk = load("return tostring(io) .. ' ' .. tostring(debug) .. ' ' .. tostring(string.dump)", "=x", "t", environment)
  return chunk()
end
