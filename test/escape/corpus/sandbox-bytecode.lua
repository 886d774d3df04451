-- what: load is given bytecode: as text, piece by piece, and with the mode that allows it
-- where: load, match_loop, rpc
-- outcome: survives /^refused 6$/
return function()
  local bytecode = "\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8xV\0\0\0\0\0\0\0\0\0\0\0(w@\1"
  local refused = 0
  for _, mode in ipairs({ "b", "bt", "t" }) do
    if not load(bytecode, "=x", mode) then refused = refused + 1 end
    local rest = bytecode
    local function next_piece()
      local piece = rest:sub(1, 1)
      rest = rest:sub(2)
      return piece
    end
    if not load(next_piece, "=x", mode) then refused = refused + 1 end
  end
  return "refused " .. refused
end
