-- what: throws the very words of the budget and of the memory limit, to be taken for them
-- where: rpc, match_loop
-- outcome: error /budget of 1 instructions|not enough memory/
return function()
  pcall(error, "not enough memory", 0)
  error("the budget of 1 instructions is used up", 0)
end
