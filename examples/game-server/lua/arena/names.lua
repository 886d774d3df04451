--- Names of players: what people may call themselves, and what bots are called.

local names = {}

local max_characters = 16

names.bots = {
  "Nova", "Mochi", "Ziggy", "Pixel", "Comet", "Waffle", "Juno", "Biscuit", "Orbit", "Pippin", "Echo", "Tango",
  "Sprout", "Vega", "Noodle", "Rocket", "Indigo", "Pebble", "Atlas", "Kiwi", "Blitz", "Maple", "Quark", "Olive",
  "Zephyr", "Clover", "Turbo", "Luna", "Pickle", "Astro", "Fig", "Bramble", "Dash", "Ember", "Tofu", "Rio",
  "Saffron", "Moss", "Bolt", "Poppy", "Gizmo", "Hazel", "Onyx", "Peanut", "Cosmo", "Wren", "Radish", "Flint", "Iris",
  "Chip",
}

--- Characters without a shape of their own, which could hide or turn around other text.
local function is_invisible(code)
  return code < 0x20
    or (code >= 0x7f and code <= 0x9f)
    or (code >= 0x200b and code <= 0x200f)
    or (code >= 0x2028 and code <= 0x202e)
    or (code >= 0x2060 and code <= 0x206f)
    or code == 0xfeff
end

--- Makes a name fit to be shown: one line, nothing invisible, no surrounding or repeated blanks, 16 characters.
---@param raw any
---@return string|nil name nil when nothing is left of it
function names.clean(raw)
  if type(raw) ~= "string" or not utf8.len(raw) then
    return nil
  end
  local characters = {}
  for _, code in utf8.codes(raw) do
    local character = is_invisible(code) and " " or utf8.char(code)
    local follows_blank = #characters == 0 or characters[#characters] == " "
    if #characters < max_characters and not (character == " " and follows_blank) then
      characters[#characters + 1] = character
    end
  end
  if characters[#characters] == " " then
    characters[#characters] = nil
  end
  return characters[1] and table.concat(characters)
end

--- For people who gave no name.
---@param random number from 0 to just below 1
function names.guest(random)
  return "Guest " .. 100 + math.floor(random * 900)
end

return names
