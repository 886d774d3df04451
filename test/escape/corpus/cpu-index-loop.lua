-- what: a table whose __index leads back to itself
-- where: match_loop, rpc
-- outcome: error /'__index' chain too long/
return function()
  local left, right = {}, {}
  setmetatable(left, { __index = right })
  setmetatable(right, { __index = left })
  return left.field
end
