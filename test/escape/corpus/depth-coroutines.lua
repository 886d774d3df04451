-- what: a coroutine within a coroutine, ten thousand deep
-- where: match_loop, rpc
-- outcome: survives /^C stack overflow$/
return function()
  local function down(depth)
    if depth > 0 then return coroutine.wrap(down)(depth - 1) end
  end
  return select(2, pcall(down, 10000)):match("C stack overflow")
end
