-- what: __concat, __eq, __lt, __len and __call that lead to themselves
-- where: match_loop
-- outcome: survives /^(C stack overflow ?)+$/
return function()
  local meta = {}
  local left, right = setmetatable({}, meta), setmetatable({}, meta)
  meta.__concat = function(a, b) return a .. b end
  meta.__eq = function(a, b) return a == b end
  meta.__lt = function(a, b) return a < b end
  meta.__len = function(a) return #a end
  meta.__call = function(a) return 1 + a() end
  local problems = {}
  for _, attempt in ipairs({
    function() return left .. right end, function() return left == right end, function() return left < right end,
    function() return #left end,
  }) do
    problems[#problems + 1] = select(2, pcall(attempt)):match("C stack overflow")
  end
  assert(not pcall(left))
  return table.concat(problems, " ")
end
