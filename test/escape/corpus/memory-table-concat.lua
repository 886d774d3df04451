-- what: table.concat makes a text a million times as long as what it joins
-- where: match_loop, rpc
-- outcome: budget /not enough memory|budget/
return function()
  local piece, pieces = ("x"):rep(100000), {}
  for index = 1, 10000 do pieces[index] = piece end
  return #table.concat(pieces, piece)
end
