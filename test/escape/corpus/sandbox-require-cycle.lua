-- what: a module that requires itself while it is loaded, for ever
-- where: match_loop, rpc
-- outcome: survives /modules require each other/
return function()
  local ok, problem = pcall(require, "corpus/sandbox-require-itself")
  assert(not ok and not pcall(require, "corpus.sandbox-require-itself"))
  return problem
end
