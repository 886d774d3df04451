-- what: a hundred and fifty close methods each replace the error with another one
-- where: match_loop
-- outcome: error /the last word/
return function()
  local function close_within(depth)
    local _ <close> = setmetatable({}, { __close = function() error(depth == 1 and "the last word" or "word", 0) end })
    if depth < 150 then close_within(depth + 1) end
    error("the first word", 0)
  end
  close_within(1)
end
