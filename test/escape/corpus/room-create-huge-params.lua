-- what: hands a megabyte of parameters to every room that it can create
-- where: match_loop
-- outcome: survives /params: at most 65536 bytes/
return function()
  local params, problem = { text = ("p"):rep(1000000) }, nil
  for _ = 1, 30 do problem = select(2, pcall(kaos.room_create, "mayfly", params)) end
  return problem
end
