-- what: an RPC registers what no client may ever call: long names, no functions, messages that there are not
-- where: rpc
-- outcome: survives /^refused 6$/
return function()
  local refused = 0
  for _, arguments in ipairs({
    { kaos.register_rpc, "", print }, { kaos.register_rpc, ("n"):rep(129), print }, { kaos.register_rpc, "name", {} },
    { kaos.register_before, "nothing", print }, { kaos.register_before, "rpc", "print" }, { kaos.register_after, 12, print },
  }) do
    if not pcall(table.unpack(arguments)) then refused = refused + 1 end
  end
  return "refused " .. refused
end
