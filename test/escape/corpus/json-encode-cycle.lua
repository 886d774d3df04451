-- what: encodes tables that contain themselves, and nesting without end
-- where: match_loop, rpc
-- outcome: survives /^refused 4$/
return function()
  local cycle, deep, wide, refused = {}, {}, {}, 0
  cycle[1] = cycle
  for _ = 1, 10000 do deep = { deep } end
  wide.left, wide.right = wide, wide
  for _, value in ipairs({ cycle, deep, wide, { [1] = 1, x = 2 } }) do
    if not pcall(kaos.json_encode, value) then refused = refused + 1 end
  end
  return "refused " .. refused
end
