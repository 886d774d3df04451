-- what: match_init makes a room that cannot be: a tick rate that is no number
-- where: match_init
-- result: returned
-- outcome: error /tick_rate/
return function() return { state = {}, tick_rate = 0 / 0, max_players = 1, empty_timeout = 1 } end
