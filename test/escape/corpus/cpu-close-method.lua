-- what: the budget's error unwinds through close methods that go on, throw, and open more of their kind
-- where: match_init, match_loop, rpc
-- outcome: budget /budget/
return function()
  local function trap()
    return setmetatable({}, {
      __close = function()
        local _ <close> = setmetatable({}, { __close = function() error("not yet") end })
        while true do end
      end,
    })
  end
  local _ <close> = trap()
  local _ <close> = trap()
  while true do
    pcall(function()
      local _ <close> = trap()
      error("begin")
    end)
  end
end
