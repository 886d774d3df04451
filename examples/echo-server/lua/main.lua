--- The entry script: what clients can call.

kaos.register_rpc("echo", function(_, payload)
  return payload
end)
