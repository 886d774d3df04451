-- what: an error text that would forge lines and colours in a log
-- where: match_loop, rpc
-- outcome: error /forged/
return function()
  error('\27[2J\n{"level":60,"msg":"forged"}\r\n\0', 0)
end
