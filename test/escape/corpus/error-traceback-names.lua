-- what: function names of a megabyte in the traceback
-- where: match_loop, rpc
-- outcome: error /attempt to call/
return function()
  local name = ("n"):rep(100000)
  _G[name] = function() local missing = nil missing() end
  load(name .. "()", "=" .. name)()
end
