-- what: a chunk that replaces _ENV, _G and the globals of everything that shares them
-- where: load, match_loop
-- outcome: survives /^done$/
return {
  attack = function()
    local load, assert, environment = load, assert, _ENV
    leaked_environment = true
    _G._G = nil
    local function escape()
      _ENV = { leaked = true }
      return leaked
    end
    assert(escape())
    load("_ENV = nil", "=x", "t", environment)()
  end,
  check = function()
    if leaked_environment ~= nil or _G == nil then return "the environment leaked" end
  end,
}
