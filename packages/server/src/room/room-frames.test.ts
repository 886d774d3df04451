import { encodeServerFrame, type Presence, WireLimits } from '@kaosnet/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { splitPresences } from './room-frames.ts'

const presence = fc.record({
  member: fc.integer({ min: 1, max: WireLimits.memberNumber }),
  userBytes: fc.nat({ max: WireLimits.userIdBytes }),
  metadataBytes: fc.nat({ max: WireLimits.metadataBytes - 20 }),
})

type PresenceSizes = typeof presence extends fc.Arbitrary<infer T> ? T : never

function presenceOf({ member, userBytes, metadataBytes }: PresenceSizes): Presence {
  return {
    member,
    session: member.toString(16).padStart(16, '0'),
    user_id: 'u'.repeat(userBytes),
    username: 'player',
    metadata: { text: 'x'.repeat(metadataBytes) },
  }
}

describe('splitPresences', () => {
  it('keeps every presence, in order, in pieces that each leave 16 KB of a frame to other fields', () => {
    checkProperty(
      fc.property(fc.array(presence, { maxLength: 150, size: 'max' }), (given) => {
        const presences = given.map(presenceOf)
        const pieces = splitPresences(presences)
        expect(pieces.flat()).toEqual(presences)
        const sizes = pieces.map(
          (joins) => encodeServerFrame('RoomPresence', { room: 65_535, joins, leaves: [] }).length,
        )
        expect(Math.max(0, ...sizes)).toBeLessThan(WireLimits.payloadBytes - 16_384)
        expect(pieces.every(({ length }) => length > 0)).toBe(true)
      }),
      40,
    )
  })

  it('does not split what fits one piece', () => {
    const few = Array.from({ length: 400 }, (_, index) =>
      presenceOf({ member: index + 1, userBytes: 5, metadataBytes: 0 }),
    )
    expect(splitPresences(few)).toEqual([few])
    expect(splitPresences([])).toEqual([])
  })
})
