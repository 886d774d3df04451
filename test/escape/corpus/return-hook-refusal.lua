-- what: a before-hook turns every message down
-- where: before_hook
-- result: returned
-- outcome: HOOK_REJECTED
return function() return nil end
