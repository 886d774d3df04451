-- what: every operator of an object leads to more work on that object
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local proxy = {}
  local function again() while true do pcall(function() return proxy + proxy end) end end
  setmetatable(proxy, {
    __add = again, __concat = again, __eq = again, __lt = again, __le = again, __len = again, __call = again,
    __unm = again, __index = again, __newindex = again,
  })
  return proxy .. "x"
end
