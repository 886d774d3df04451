-- what: makes numbers of texts with millions of digits
-- where: match_loop
-- outcome: budget /budget/
return function()
  local digits = ("1"):rep(2000000)
  while true do
    local _ = digits + 0, tonumber(digits), tonumber(digits, 36)
  end
end
