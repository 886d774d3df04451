-- what: recursion through pcall that begins anew wherever the stack is full
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  local function down()
    while true do pcall(down) end
  end
  down()
end
