-- what: chunks that are compiled anew for ever, and chunks that loop
-- where: match_loop, rpc
-- outcome: budget /budget/
return function()
  while true do
    pcall(load("while true do end"))
  end
end
