-- what: keeps what the server hands out, which no allocation of the script's own made
-- where: match_init, match_loop, rpc
-- outcome: budget /not enough memory|budget/
return function()
  local hoard = {}
  while true do
    hoard[#hoard + 1] = { kaos.room_list({}), kaos.uuid(), kaos.json_decode('[[1,2,3],{"a":"b"}]') }
  end
end
