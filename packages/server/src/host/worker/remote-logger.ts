import type { Logger } from '../../observe/logger.ts'
import type { LogLine } from './host-events.ts'

/** A logger whose lines are written by another thread. */
export function remoteLogger(write: (line: LogLine) => void, bound: object = {}): Logger {
  const log = (level: LogLine['level']) => (fields: object, message: string) =>
    write({ level, fields: { ...bound, ...fields }, message })
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => remoteLogger(write, { ...bound, ...fields }),
  }
}
