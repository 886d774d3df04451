import { type DestinationStream, pino } from 'pino'

type LogMethod = (fields: object, message: string) => void

/** Structured, levelled logging. `error` means that somebody must look. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  child(fields: object): Logger
}

/** JSON lines on standard output, or wherever `destination` writes. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return wrap(destination === undefined ? pino(options) : pino(options, destination))
}

type PinoLogger = ReturnType<typeof pino>

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  }
}
