-- what: divides integers by nought, and takes the smallest by minus one
-- where: match_loop, rpc
-- outcome: error /attempt to divide by zero/
return function()
  assert(math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0)
  assert(not pcall(function() return 1 % 0 end))
  return 1 // 0
end
