-- what: jumps back for ever, without a loop statement
-- where: load, match_loop, rpc
-- outcome: budget /budget/
return function()
  ::again::
  goto again
end
