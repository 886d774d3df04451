-- what: adds the finalizer to a metatable that is set already
-- where: match_loop, rpc
-- outcome: survives /^nothing ran$/
return function()
  local ran = "nothing ran"
  local meta = {}
  setmetatable({}, meta)
  meta.__gc = function() ran = "a finalizer ran" end
  for _ = 1, 200000 do local _ = {} end
  return ran
end
