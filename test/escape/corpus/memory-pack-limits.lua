-- what: sizes and alignments that string.pack does not have
-- where: match_loop
-- outcome: survives /^false false false false$/
return function()
  local results = {}
  for _, format in ipairs({ "i17", "!17i16", "c99999999999", "s0" }) do
    results[#results + 1] = tostring((pcall(string.pack, format, "x")))
  end
  return table.concat(results, " ")
end
