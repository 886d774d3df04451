import type { Logger } from '../observe/logger.ts'

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that keeps what it is told; children write to the same list with their fields added. */
export interface RecordingLogger extends Logger {
  readonly entries: LogEntry[]
  /** The messages of one level, oldest first. */
  messages(level: LogEntry['level']): string[]
}

export function recordingLogger(
  entries: LogEntry[] = [],
  bound: Readonly<Record<string, unknown>> = {},
): RecordingLogger {
  const log = (level: LogEntry['level']) => (fields: object, message: string) => {
    entries.push({ level, fields: { ...bound, ...fields }, message })
  }
  return {
    entries,
    messages: (level) => entries.filter((entry) => entry.level === level).map(({ message }) => message),
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => recordingLogger(entries, { ...bound, ...fields }),
  }
}
