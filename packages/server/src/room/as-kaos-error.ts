import { KaosError } from '@kaosnet/protocol'

/** Passes a KaosError on; anything else is a fault of the server. */
export function asKaosError(error: unknown): KaosError {
  return error instanceof KaosError ? error : new KaosError('INTERNAL', undefined, { cause: error })
}
