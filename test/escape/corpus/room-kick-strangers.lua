-- what: throws out sessions by guessing, with reasons of a megabyte
-- where: match_loop, rpc
-- outcome: survives /^0 kicked$/
return function()
  local kicked = 0
  for guess = 1, 2000 do
    if kaos.session_kick(("%016x"):format(guess), "go") then kicked = kicked + 1 end
  end
  if kaos.session_kick(("f"):rep(1000000), ("r"):rep(1000000)) then kicked = kicked + 1 end
  if kaos.session_get("__proto__") or kaos.room_get("constructor") then kicked = kicked + 1 end
  return kicked .. " kicked"
end
