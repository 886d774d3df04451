-- what: a before-hook answers with a message that is none
-- where: before_hook
-- result: returned
-- outcome: HOOK_FAILED
return function() return { name = { {} }, payload = {}, id = 12, ["__proto__"] = {} } end
