-- what: widths and precisions that would make a number of millions of digits
-- where: match_loop, rpc
-- outcome: error /invalid conversion|invalid format/
return function()
  return ("%99999d"):format(1)
end
