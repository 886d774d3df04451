-- what: a million lines for the log at every level, with pcall around each
-- where: match_init, match_loop, before_hook
-- outcome: budget /budget/
return function()
  while true do
    for _, level in ipairs({ kaos.logger_info, kaos.logger_warn, kaos.logger_error }) do
      pcall(level, { what = "flood" })
    end
  end
end
