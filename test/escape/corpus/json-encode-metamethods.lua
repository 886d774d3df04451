-- what: values whose metamethods loop when somebody looks at them
-- where: match_loop, rpc
-- outcome: survives /^{} done$/
return function()
  local function spin() while true do end end
  local trap = setmetatable({}, { __index = spin, __pairs = spin, __len = spin, __tostring = spin, __name = spin })
  return kaos.json_encode(trap) .. " done"
end
