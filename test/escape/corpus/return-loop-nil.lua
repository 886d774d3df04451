-- what: match_loop returns nothing, which ends the room as it may
-- where: match_loop
-- result: returned
-- outcome: ends
return function() return nil end
