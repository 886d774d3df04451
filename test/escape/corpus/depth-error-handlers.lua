-- what: an error in the handler of an error in the handler of an error
-- where: match_loop, rpc
-- outcome: survives /^false/
return function()
  local function handler(problem) error(problem) end
  return tostring((xpcall(error, handler, "first")))
end
