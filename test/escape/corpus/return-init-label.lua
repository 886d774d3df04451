-- what: match_init names the room with a megabyte
-- where: match_init
-- result: returned
-- outcome: error /label/
return function() return { state = {}, tick_rate = 60, label = ("l"):rep(1000000) } end
