--- The entry script: what clients can call.

kaos.register_rpc("echo", function(ctx, payload)
  return { echo = payload, to = ctx.username }
end)
