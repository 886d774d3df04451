-- what: dates before all time, formats that are none, and formats of a megabyte
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  assert(not pcall(os.date, "%Ez", 0) and not pcall(os.date, "%", 0))
  assert(not pcall(os.date, "*t", math.maxinteger) and not pcall(os.date, "%c", 1e300))
  assert(not pcall(os.time, { year = math.maxinteger, month = 1, day = 1 }))
  local format = ("%c"):rep(100000)
  while true do pcall(os.date, format, 0) end
end
