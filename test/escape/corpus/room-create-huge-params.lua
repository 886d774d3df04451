-- what: hands a megabyte of parameters to every room that it can create
-- where: match_loop
-- outcome: survives /at most|too large|rooms/
return function()
  local params, problem = { text = ("p"):rep(1000000) }, nil
  for _ = 1, 100 do problem = select(2, pcall(kaos.room_create, "mayfly", params)) end
  return problem
end
