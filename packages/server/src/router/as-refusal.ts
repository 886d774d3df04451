import { KaosError, opName } from '@kaosnet/protocol'
import type { Logger } from '../observe/logger.ts'

/** What a client is told of a failure: the error of the table, or INTERNAL for a fault of ours, which is logged. */
export function asRefusal(error: unknown, op: number, logger: Logger): KaosError {
  if (error instanceof KaosError) return error
  logger.error({ op: opName(op), error: errorFields(error) }, 'a request failed inside the server')
  return new KaosError('INTERNAL', undefined, { cause: error })
}

function errorFields(error: unknown): object {
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
}
