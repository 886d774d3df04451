-- what: __name as the name of a type: huge, no text, or with line breaks
-- where: match_loop, rpc
-- outcome: error /./
return function()
  pcall(tostring, setmetatable({}, { __name = 12 }))
  pcall(tostring, setmetatable({}, { __name = "line\nbreak" }))
  return ("x"):rep(setmetatable({}, { __name = ("N"):rep(1000000) }))
end
