import { WireLimits } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { checkLabel } from './room-label.ts'

describe('checkLabel', () => {
  it('counts bytes of UTF-8, not characters', () => {
    checkLabel('')
    checkLabel('€'.repeat(Math.floor(WireLimits.labelBytes / 3)))
    expect(() => checkLabel('€'.repeat(Math.ceil(WireLimits.labelBytes / 3)))).toThrow(
      expect.objectContaining({
        error: 'INVALID_PAYLOAD',
        message: 'a label has at most 2048 bytes, got 2049',
      }),
    )
  })
})
