-- what: a before-hook answers with a table whose metamethods loop; it is read without them
-- where: before_hook
-- result: returned
-- outcome: HOOK_FAILED
return function() return setmetatable({}, { __index = function() while true do end end }) end
