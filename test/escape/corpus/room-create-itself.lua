-- what: a room whose module creates two more of its kind while it is loaded
-- where: load
-- outcome: survives
return function()
  for _ = 1, 2 do pcall(kaos.room_create, "rooms/room-create-itself-load") end
end
