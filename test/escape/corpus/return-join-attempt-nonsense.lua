-- what: match_join_attempt answers with what is neither yes nor no
-- where: match_join_attempt
-- result: returned
-- outcome: ROOM_JOIN_REJECTED
return function() return { "perhaps" } end
