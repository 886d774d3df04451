-- what: a room registers RPCs and hooks, to hear everything
-- where: load, match_init, match_loop, match_signal
-- outcome: survives /^refused 3$/
return function()
  local refused = 0
  if not pcall(kaos.register_rpc, "ping", function() return "pwned" end) then refused = refused + 1 end
  if not pcall(kaos.register_before, "rpc", function() return nil end) then refused = refused + 1 end
  if not pcall(kaos.register_after, "rpc", function() end) then refused = refused + 1 end
  return "refused " .. refused
end
