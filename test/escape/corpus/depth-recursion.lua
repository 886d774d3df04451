-- what: a function that calls itself for ever
-- where: load, match_init, match_loop, match_leave, rpc, before_hook
-- outcome: budget /not enough memory/
return function()
  local function down() return 1 + down() end
  return down()
end
