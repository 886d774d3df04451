-- what: goes at the metatables of kaos.null and of marked arrays, which every value crosses
-- where: match_loop, match_signal
-- outcome: survives /^null array false false$/
return {
  attack = function()
    local null_meta, array_meta = getmetatable(kaos.null), getmetatable(kaos.array({}))
    return table.concat({
      tostring(null_meta), tostring(array_meta),
      tostring((pcall(setmetatable, kaos.array({}), {}))), tostring((pcall(setmetatable, kaos.null, {}))),
    }, " ")
  end,
  check = function()
    if kaos.json_encode({ kaos.array({}), kaos.null }) ~= "[[],null]" then return "null or arrays are not what they were" end
  end,
}
