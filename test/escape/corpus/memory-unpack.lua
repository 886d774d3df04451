-- what: unpacks millions of items onto the stack
-- where: match_loop, rpc
-- outcome: error /too many results to unpack/
return function()
  return select("#", table.unpack({}, 1, 10000000))
end
