-- what: the options of collectgarbage that would stop or tune the collector
-- where: match_loop, rpc
-- outcome: survives /^refused 8$/
return function()
  local refused = 0
  for _, option in ipairs({ "stop", "restart", "collect", "step", "setpause", "setstepmul", "generational", "incremental" }) do
    if not pcall(collectgarbage, option, 0) then refused = refused + 1 end
  end
  return "refused " .. refused
end
