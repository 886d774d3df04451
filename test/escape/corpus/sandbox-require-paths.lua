-- what: names that lead out of the scripts folder, or are none
-- where: load, match_loop, rpc
-- outcome: survives /^refused 14$/
return function()
  local refused = 0
  for _, name in ipairs({
    "../secret", "..secret", "corpus/../../secret", "/etc/passwd", "\\secret", "C:/secret", "file:///etc/passwd",
    "linked", "secret\0", "", ("a/"):rep(10000) .. "a", ("a"):rep(1000000), "%2e%2e/secret", "./secret",
  }) do
    local ok, problem = pcall(require, name)
    if not ok and #problem < 1000 then refused = refused + 1 end
  end
  for _, wrong in ipairs({ 12, {}, print, true }) do assert(not pcall(require, wrong)) end
  return "refused " .. refused
end
