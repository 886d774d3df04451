/** The part of a pino-like logger that is used. */
export interface Logger {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What happens without a logger: an application's exceptions must not vanish. */
export const consoleLogger: Logger = {
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
}
