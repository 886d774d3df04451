-- what: gsub tries a slow pattern at each of a million places and pcall catches what it can
-- where: match_loop, match_signal
-- outcome: budget /budget/
return function()
  local text = ("ab"):rep(100000)
  while true do
    pcall(text.gsub, text, "a.-b.-c", "%0%0")
  end
end
