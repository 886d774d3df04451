--- What comes is sent back.

kaos.register_rpc("echo", function(ctx, payload)
  return payload
end)
