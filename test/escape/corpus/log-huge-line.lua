-- what: one line of a megabyte, as text and as a value
-- where: match_loop, rpc
-- outcome: survives /^done$/
return function()
  kaos.logger_info(("x"):rep(1000000))
  kaos.logger_warn({ text = ("y"):rep(1000000) })
end
