-- what: compares two long texts that differ nowhere
-- where: match_loop
-- outcome: budget /budget/
return function()
  local left, right = ("a"):rep(1000000), ("a"):rep(999999) .. "a"
  while true do
    local _ = left < right, left == right
  end
end
