-- what: a table that grows for ever, kept in the state
-- where: match_init, match_join, match_loop, match_signal
-- outcome: budget /not enough memory/
return function(_, state)
  local hoard = {}
  if type(state) == "table" then state.hoard = hoard end
  for index = 1, math.huge do hoard[index] = { index, {} } end
end
