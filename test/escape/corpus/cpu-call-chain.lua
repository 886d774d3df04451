-- what: an object that is called through itself, with one argument more each time
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  local itself = {}
  setmetatable(itself, { __call = itself })
  while true do pcall(itself) end
end
