-- what: match_init asks for more seats than there are member numbers
-- where: match_init
-- result: returned
-- outcome: error /max_players/
return function() return { state = {}, tick_rate = 60, max_players = math.maxinteger } end
