-- what: repetitions whose size does not fit an integer, and endless ones of nothing
-- where: match_loop, rpc
-- outcome: survives /^resulting string too large, 0$/
return function()
  local _, problem = pcall(string.rep, "xxxxxxxx", math.maxinteger)
  return problem .. ", " .. #(""):rep(math.maxinteger, "")
end
