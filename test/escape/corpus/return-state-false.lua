-- what: the state is false
-- where: match_loop, match_join, match_leave
-- result: returned
-- outcome: survives /^returned$/
return function() return false end
