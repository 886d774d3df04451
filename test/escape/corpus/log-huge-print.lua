-- what: prints a megabyte, in one piece and in ten thousand
-- where: match_loop
-- outcome: survives /^done$/
return function()
  print(("x"):rep(1000000))
  print(table.unpack({}, 1, 10000))
end
