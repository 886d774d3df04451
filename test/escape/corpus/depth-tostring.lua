-- what: __tostring and __name that lead to themselves, or are no text
-- where: match_loop, rpc
-- outcome: survives /^(false )+false$/
return function()
  local itself = setmetatable({}, { __tostring = tostring })
  local results = {}
  for _, value in ipairs({
    itself, setmetatable({}, { __tostring = function() return {} end }), setmetatable({}, { __tostring = 12 }),
  }) do
    results[#results + 1] = tostring((pcall(tostring, value)))
  end
  return table.concat(results, " ")
end
