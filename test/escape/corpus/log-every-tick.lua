-- what: stays within its budget and logs a thousand lines all the same
-- where: match_loop
-- outcome: survives /^done$/
return function()
  for line = 1, 1000 do kaos.logger_warn("line " .. line) end
end
