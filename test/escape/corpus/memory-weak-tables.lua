-- what: weak tables full of short-lived keys make the collector's work expensive
-- where: match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local weak = {}
  for index = 1, 20 do weak[index] = setmetatable({}, { __mode = "kv" }) end
  while true do
    for index = 1, 20 do weak[index][{}] = { weak } end
  end
end
