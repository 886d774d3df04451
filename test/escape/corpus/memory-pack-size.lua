-- what: string.pack with a fixed size of two thousand million
-- where: match_loop, rpc
-- outcome: budget /not enough memory/
return function()
  return #string.pack("c2000000000", "x")
end
