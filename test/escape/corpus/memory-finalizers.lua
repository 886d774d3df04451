-- what: finalizers, which would run when nobody counts
-- where: load, match_loop, rpc
-- outcome: error /finalizers \('__gc'\) are not available/
return function()
  setmetatable({}, { __gc = function() while true do end end })
end
