-- what: an error object whose __tostring never ends
-- where: load, match_init, match_loop, match_leave, match_signal, rpc, before_hook
-- outcome: budget /budget/
return function()
  error(setmetatable({}, { __tostring = function() while true do end end }))
end
