import { type ErrorName, KaosError } from '@kaosnet/protocol'

/** What came of an attack. */
export type Outcome =
  | { readonly kind: 'refused'; readonly error: ErrorName; readonly text: string }
  | { readonly kind: 'survived'; readonly text: string }
  /** The room is over, and nobody calls it an error. */
  | { readonly kind: 'ended' }

/** What came of a request: its answer as text, or the refusal. */
export async function outcomeOf(request: Promise<unknown>): Promise<Outcome> {
  try {
    return { kind: 'survived', text: String(await request) }
  } catch (error) {
    if (error instanceof KaosError) return { kind: 'refused', error: error.error, text: error.message }
    throw error
  }
}
