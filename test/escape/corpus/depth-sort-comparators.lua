-- what: table.sort within the comparator of table.sort
-- where: match_loop
-- outcome: error /C stack overflow/
return function()
  local function compare()
    table.sort({ 1, 2, 3 }, compare)
    return false
  end
  compare()
end
