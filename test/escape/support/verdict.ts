import type { ErrorName } from '@kaosnet/protocol'
import { expect } from 'vitest'
import type { Expectation, Place } from './header.ts'
import type { Outcome } from './outcome.ts'

/** Expects that an attack came to what its file says. */
export function expectOutcome(outcome: Outcome, place: Place, expectation: Expectation): void {
  const { verdict, text, orSurvives } = expectation
  if (orSurvives && outcome.kind === 'survived') return
  const what = JSON.stringify(outcome)
  switch (verdict) {
    case 'survives':
      expect(outcome, what).toMatchObject({ kind: 'survived' })
      break
    case 'ends':
      expect(outcome, what).toEqual({ kind: 'ended' })
      break
    case 'budget':
      expect(outcome, what).toMatchObject({
        kind: 'refused',
        error: errorOf(place, 'SCRIPT_BUDGET_EXCEEDED'),
      })
      break
    case 'error':
      expect(outcome, what).toMatchObject({ kind: 'refused', error: errorOf(place, 'RPC_FAILED') })
      break
    default:
      expect(outcome, what).toMatchObject({ kind: 'refused', error: verdict })
  }
  if (text === undefined || outcome.kind === 'ended') return
  // Who may not come in is not told what went wrong.
  const isKept = place === 'match_join_attempt' && outcome.kind === 'refused'
  expect(outcome.text).toMatch(isKept ? /^match_join_attempt failed$/ : text)
}

/** What clients see of a script that fails there; `requestError` is what a request fails with. */
function errorOf(place: Place, requestError: ErrorName): ErrorName {
  switch (place) {
    case 'load':
    case 'match_init':
      return 'ROOM_INIT_FAILED'
    case 'match_join_attempt':
      return 'ROOM_JOIN_REJECTED'
    case 'match_join':
    case 'match_leave':
    case 'match_loop':
    case 'match_terminate':
      return 'ROOM_FAILED'
    case 'match_signal':
      // It is the RPC that signals which fails, with what the room raised.
      return 'RPC_FAILED'
    case 'rpc':
      return requestError
    case 'before_hook':
      return requestError === 'RPC_FAILED' ? 'HOOK_FAILED' : requestError
    case 'entry':
      throw new Error('no client sees an entry script fail: the server does not start')
    default:
      return place satisfies never
  }
}
