-- what: more captures than there is room for
-- where: match_loop
-- outcome: error /too many captures/
return function()
  return ("a"):rep(1000):match(("(a)"):rep(1000))
end
