import { describe, expect, it } from 'vitest'
import { type ErrorName, ErrorTable, errorName, KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'
import { utf8Bytes } from './schema.ts'

const names = Object.keys(ErrorTable) as ErrorName[]

describe('ErrorTable', () => {
  it('gives every error a code of its own', () => {
    const codes = names.map((name) => ErrorTable[name].code)
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('finds the name of each code, and none for codes it does not have', () => {
    for (const name of names) expect(errorName(ErrorTable[name].code)).toBe(name)
    expect(errorName(0)).toBeUndefined()
    expect(errorName(999)).toBeUndefined()
  })

  it('numbers the families by hundreds', () => {
    const familyOf = (prefix: string) =>
      new Set(
        names
          .filter((name) => name.startsWith(prefix))
          .map((name) => Math.floor(ErrorTable[name].code / 100)),
      )
    expect(familyOf('AUTH_')).toEqual(new Set([2]))
    expect(familyOf('SESSION_')).toEqual(new Set([2]))
    expect(familyOf('ROOM_')).toEqual(new Set([3]))
    expect(familyOf('RPC_')).toEqual(new Set([4]))
    expect(familyOf('TOO_MANY_')).toEqual(new Set([5]))
  })

  it('never tells a client to repeat what counts as a violation', () => {
    for (const name of names)
      if (ErrorTable[name].isViolation) expect(ErrorTable[name].action, name).toBe('fatal')
  })

  it('has names and texts that fit an Error frame', () => {
    for (const name of names) {
      expect(name).toMatch(/^[A-Z_]{1,64}$/)
      expect(utf8Bytes(ErrorTable[name].text)).toBeLessThanOrEqual(WireLimits.errorMessageBytes)
    }
  })
})

describe('KaosError', () => {
  it('says what the table says when it is given nothing else', () => {
    const error = new KaosError('ROOM_FULL')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'KaosError',
      error: 'ROOM_FULL',
      code: 301,
      action: 'retry',
      isViolation: false,
      message: ErrorTable.ROOM_FULL.text,
      details: undefined,
    })
    expect('cause' in error).toBe(false)
  })

  it('carries a text, a cause and details of its own', () => {
    const cause = new Error('why')
    const error = new KaosError('UNSUPPORTED_VERSION', 'no', { cause, details: { supported: [1] } })
    expect(error).toMatchObject({ message: 'no', cause, details: { supported: [1] } })
  })

  it('knows which errors are violations', () => {
    expect(new KaosError('UNKNOWN_OP').isViolation).toBe(true)
    expect(new KaosError('RPC_FAILED').isViolation).toBe(false)
  })
})
