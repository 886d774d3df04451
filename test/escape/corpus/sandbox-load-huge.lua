-- what: compiles a source of megabytes, again and again
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  local source = ("local a = 1\n"):rep(50000)
  while true do load("do " .. source) end
end
