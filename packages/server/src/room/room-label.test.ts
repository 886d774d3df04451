import { describe, expect, it } from 'vitest'
import { checkLabel } from './room-label.ts'

describe('checkLabel', () => {
  it('counts bytes of UTF-8, not characters', () => {
    checkLabel('', 2_048)
    checkLabel('€'.repeat(Math.floor(2_048 / 3)), 2_048)
    expect(() => checkLabel('€'.repeat(Math.ceil(2_048 / 3)), 2_048)).toThrow(
      expect.objectContaining({
        error: 'INVALID_PAYLOAD',
        message: 'a label has at most 2048 bytes, got 2049',
      }),
    )
  })
})
