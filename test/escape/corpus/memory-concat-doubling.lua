-- what: a text that doubles until the memory is full, and again when that is caught
-- where: match_init, match_loop, match_leave, rpc, before_hook
-- outcome: budget /not enough memory|budget/
return function()
  while true do
    local text = "x"
    while pcall(function() text = text .. text end) do end
  end
end
