-- what: requires itself while it is loaded
-- where: load, rpc
-- outcome: error /modules require each other/
return require("corpus/sandbox-require-itself")
