-- what: looks for the same random numbers in another room
-- where: load, match_loop, rpc
-- outcome: survives /^done$/
return function()
  math.randomseed(42)
  local first = math.random(1 << 40)
  math.randomseed(42)
  assert(math.random(1 << 40) == first)
  assert(not pcall(math.random, 2, 1) and not pcall(math.random, math.maxinteger, math.mininteger))
  assert(not pcall(math.randomseed, 0 / 0) or true)
  for _ = 1, 1000 do math.randomseed() end
end
