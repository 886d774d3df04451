/** The part of a pino-like logger that is used. */
export interface Logger {
  error(fields: object, message: string): void
}

/** What happens without a logger: an application's exceptions must not vanish. */
export const consoleLogger: Logger = {
  error: (fields, message) => console.error(message, fields),
}
