import type { Clock } from '../clock.ts'
import type { Logger } from '../observe/logger.ts'

export interface LogRateOptions {
  readonly clock: Clock
  readonly linesPerSecond: number
  /** Called for every line that is not written. */
  readonly onDropped: (count: number) => void
}

const WINDOW_MS = 1000

/**
 * A logger for a script, which may write so many lines a second and no more: the rest is dropped, counted, and told in
 * one warning when the script logs again in a later second.
 */
export function limitLogRate(logger: Logger, options: LogRateOptions): Logger {
  const { clock, linesPerSecond, onDropped } = options
  let windowStartMs = Number.NEGATIVE_INFINITY
  let written = 0
  let dropped = 0

  const mayWrite = (): boolean => {
    const nowMs = clock.nowMs()
    if (nowMs - windowStartMs >= WINDOW_MS) {
      if (dropped > 0) logger.warn({ dropped }, 'log lines of a script were dropped: it writes too many')
      windowStartMs = nowMs
      written = 0
      dropped = 0
    }
    if (written < linesPerSecond) {
      written++
      return true
    }
    dropped++
    onDropped(1)
    return false
  }

  return {
    debug: (fields, message) => mayWrite() && logger.debug(fields, message),
    info: (fields, message) => mayWrite() && logger.info(fields, message),
    warn: (fields, message) => mayWrite() && logger.warn(fields, message),
    error: (fields, message) => mayWrite() && logger.error(fields, message),
    child: (fields) => limitLogRate(logger.child(fields), options),
  }
}
