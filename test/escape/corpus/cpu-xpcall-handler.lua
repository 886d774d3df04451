-- what: hides the loop in the message handler of xpcall, which fails in turn
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  local function handler(problem)
    while true do
      xpcall(error, handler, problem)
    end
  end
  while true do
    xpcall(error, handler, "again")
  end
end
