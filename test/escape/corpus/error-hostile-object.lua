-- what: error objects whose __tostring throws, lies, or gives a megabyte of bytes that are no text
-- where: match_init, match_loop, match_signal, rpc, before_hook
-- outcome: error
return function()
  pcall(error, setmetatable({}, { __tostring = function() error("again") end }))
  pcall(error, setmetatable({}, { __tostring = function() return nil end }))
  error(setmetatable({}, { __tostring = function() return ("\255"):rep(1000000) end }))
end
