-- what: close methods that open what must be closed, without end
-- where: match_loop
-- outcome: error /stack overflow|C stack overflow/
return function()
  local function open()
    local _ <close> = setmetatable({}, { __close = open })
  end
  open()
end
