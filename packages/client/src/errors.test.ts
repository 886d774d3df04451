import { ErrorTable, KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { connectFailed, connectionLost, errorFromWire, retryAfterMs, toKaosError } from './errors.ts'

describe('errors of the client', () => {
  it('turns a code of the wire into the table’s error, with the server’s words and facts', () => {
    const error = errorFromWire(ErrorTable.ROOM_FULL.code, 'no seat', { max_players: 4 })
    expect(error).toBeInstanceOf(KaosError)
    expect(error).toMatchObject({
      error: 'ROOM_FULL',
      action: 'retry',
      message: 'no seat',
      details: { max_players: 4 },
    })
  })

  it('keeps a code it does not know in the details', () => {
    const error = errorFromWire(777, 'from the future', { hint: 'x' })
    expect(error).toMatchObject({ error: 'INTERNAL', message: 'from the future' })
    expect(error.details).toEqual({ hint: 'x', code: 777 })
  })

  it('uses the table’s text when the server gave none', () => {
    expect(errorFromWire(ErrorTable.SERVER_FULL.code).message).toBe(ErrorTable.SERVER_FULL.text)
  })

  it('reads how long to wait only from a sensible number', () => {
    const withDelay = (value: unknown) =>
      new KaosError('SERVER_FULL', undefined, { details: { retry_after_ms: value } })
    expect(retryAfterMs(withDelay(1_500))).toBe(1_500)
    expect(retryAfterMs(withDelay(Number.POSITIVE_INFINITY))).toBe(3_600_000)
    for (const nonsense of [-1, 'soon', Number.NaN, undefined]) {
      expect(retryAfterMs(withDelay(nonsense))).toBe(0)
    }
    expect(retryAfterMs(new KaosError('SERVER_FULL'))).toBe(0)
  })

  it('counts a failed or lost connection among what may be tried again', () => {
    expect(connectFailed('x').action).toBe('retry')
    expect(connectionLost('x').action).toBe('retry')
  })

  it('wraps what is no KaosError and passes a KaosError on', () => {
    const own = new KaosError('AUTH_EXPIRED')
    expect(toKaosError(own, connectFailed)).toBe(own)
    const fault = new Error('ECONNREFUSED')
    expect(toKaosError(fault, connectFailed)).toMatchObject({ message: 'ECONNREFUSED', cause: fault })
    expect(toKaosError('text', connectFailed).message).toBe('text')
  })
})
