-- what: a __len that says there are as many items as an integer counts
-- where: match_loop, rpc
-- outcome: survives /^false false false$/
return function()
  local liar = setmetatable({}, { __len = function() return math.maxinteger - 1 end })
  return table.concat({
    tostring((pcall(table.sort, liar))), tostring((pcall(table.insert, liar, 1, 1))), tostring((pcall(table.remove, liar, 1))),
  }, " ")
end
