-- what: match_init returns a table whose fields are made by a loop
-- where: match_init
-- result: returned
-- outcome: budget /budget/
return function() return setmetatable({}, { __index = function() while true do end end }) end
