-- what: decodes a megabyte of the smallest arrays, for ever
-- where: match_loop, rpc
-- outcome: budget /budget|not enough memory/
return function()
  local text = "[" .. ("[],"):rep(200000) .. "[]]"
  local kept = {}
  while true do kept[#kept + 1] = select(2, pcall(kaos.json_decode, text)) end
end
