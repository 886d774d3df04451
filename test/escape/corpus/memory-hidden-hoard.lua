-- what: fills the memory where no field shows it: in upvalues, coroutines and weak tables that are strong
-- where: load, match_loop
-- outcome: budget /not enough memory|budget/
return function()
  local last
  while true do
    local before = last
    last = coroutine.wrap(function() local kept = before coroutine.yield() return kept end)
    last()
  end
end
