-- what: an error object that contains itself, functions, and nesting without end
-- where: match_loop, match_signal, rpc
-- outcome: error /./
return function()
  local object = { code = 5, call = print, deep = {} }
  object.self, object.deep.up = object, object
  for _ = 1, 10000 do object = { object } end
  error(object)
end
