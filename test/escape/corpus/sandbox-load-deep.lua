-- what: sources that nest deeper than a compiler's stack: parentheses, tables, functions, conditions, operators
-- where: match_loop, rpc
-- outcome: survives /^refused 6$/
return function()
  local deep, refused = 100000, 0
  for _, source in ipairs({
    "return " .. ("("):rep(deep) .. "1" .. (")"):rep(deep),
    "return " .. ("{"):rep(deep) .. ("}"):rep(deep),
    ("if x then "):rep(10000) .. ("end "):rep(10000),
    ("local function f() "):rep(10000) .. ("end "):rep(10000),
    "return " .. ("not "):rep(deep) .. "x",
    "return " .. ("x .. "):rep(deep) .. "x",
  }) do
    if not load(source) then refused = refused + 1 end
  end
  return "refused " .. refused
end
