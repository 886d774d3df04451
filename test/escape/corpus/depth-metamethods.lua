-- what: metamethods that call themselves through C
-- where: match_loop, rpc
-- outcome: error /C stack overflow/
return function()
  local deep = setmetatable({}, { __index = function(self, key) return self[key .. "x"] end })
  return deep.x
end
