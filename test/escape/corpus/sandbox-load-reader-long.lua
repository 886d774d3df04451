-- what: a reader that gives load more source than it may have, and catches that
-- where: load, match_loop
-- outcome: survives /at most/
return function()
  local blanks = (" "):rep(100000)
  local chunk, problem = load(function() return blanks end)
  return chunk == nil and problem
end
