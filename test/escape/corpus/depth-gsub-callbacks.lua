-- what: gsub within the replacement of gsub, ten thousand deep
-- where: match_loop, rpc
-- outcome: error /C stack overflow/
return function()
  local function down() return (("x"):gsub("x", down)) end
  return down()
end
