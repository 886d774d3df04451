-- what: decodes nesting of a hundred thousand levels, and every kind of text that is no JSON
-- where: match_loop, rpc
-- outcome: survives /^refused 12$/
return function()
  local refused = 0
  for _, text in ipairs({
    ("["):rep(100000), ('{"a":'):rep(100000), ("["):rep(33) .. ("]"):rep(33), ('"'):rep(3), "[1,", "1e999", "\255", '"\\ud800"',
    "nul", "[]]", "", ("9"):rep(1000) .. "e",
  }) do
    if not pcall(kaos.json_decode, text) then refused = refused + 1 end
  end
  return "refused " .. refused
end
