-- what: tail calls need no stack, and have no end
-- where: match_loop
-- outcome: budget /budget/
return function()
  local function again(count) return again(count + 1) end
  return again(0)
end
