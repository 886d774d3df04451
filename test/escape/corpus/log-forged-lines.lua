-- what: logs text that looks like other lines, and values that no log can hold
-- where: match_loop, rpc
-- outcome: survives /^false false$/
return function()
  kaos.logger_info('x\n{"level":60,"msg":"forged"}\0\27[31m\255')
  local cycle = {}
  cycle.cycle = cycle
  return tostring((pcall(kaos.logger_info, cycle))) .. " " .. tostring((pcall(kaos.logger_info, print)))
end
