import { encodeMessagePack } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { member, started, tick } from '../../testing/match-world.ts'
import type { Presence } from './presence.ts'
import { defineRoom } from './room-definition.ts'

describe('what a room can do', () => {
  it('sends to all, to some, and to all but some', () => {
    const { handler, services } = started(
      defineRoom({
        init: () => ({ state: 0 }),
        loop(room) {
          const [one, two, three] = [...room.presences.values()] as [Presence, Presence, Presence]
          room.send(1, { a: 1 })
          room.send(2, new Uint8Array([9]), { isReliable: false, sender: one })
          room.send(3, null, { to: two })
          room.send(4, undefined, { to: [two, three.sessionId], except: three })
          room.send(5, 'x', { except: [one.sessionId, two] })
          room.send(6, 'x', { to: [] })
        },
      }),
    )
    for (const number of [1, 2, 3]) handler.join(member(number))
    handler.loop(tick(1), [])
    const session = (number: number) => member(number).sessionId
    const base = { isReliable: true, sender: undefined, isMessagePack: true }
    expect(services.sent).toEqual([
      { ...base, op: 1, data: encodeMessagePack({ a: 1 }), receivers: undefined },
      {
        op: 2,
        data: new Uint8Array([9]),
        isMessagePack: false,
        isReliable: false,
        sender: session(1),
        receivers: undefined,
      },
      { ...base, op: 3, data: encodeMessagePack(null), receivers: [session(2)] },
      { ...base, op: 4, data: encodeMessagePack(null), receivers: [session(2)] },
      { ...base, op: 5, data: encodeMessagePack('x'), receivers: [session(3)] },
      { ...base, op: 6, data: encodeMessagePack('x'), receivers: [] },
    ])
  })

  it.each([-1, 65_536, 1.5, Number.NaN])('an op of %d is an error', (op) => {
    const { handler } = started(defineRoom({ init: () => ({ state: 0 }), loop: (room) => room.send(op, 1) }))
    expect(() => handler.loop(tick(1), [])).toThrow(`op is an integer from 0 to 65535, got ${op}`)
  })

  it('publishes state, changes its label, kicks, logs', () => {
    const { handler, services, log } = started(
      defineRoom({
        init: (room) => ({ state: 0, label: room.env.region ?? '' }),
        loop(room) {
          room.log.info(`was ${room.label}`, { tick: room.tick })
          room.updateLabel('round 2')
          room.log.warn(`is ${room.label}`)
          room.publishState({ round: 2 })
          room.publishState(new Uint8Array([7]))
          for (const presence of room.presences.values()) room.kick(presence)
          room.kick(member(5).sessionId, 'cheating')
        },
      }),
    )
    handler.join(member(1))
    handler.loop(tick(1), [])
    expect(services.calls).toEqual([
      'label 001 round 2',
      'kick 0000000000000001 of 001 kicked',
      'kick 0000000000000005 of 001 cheating',
    ])
    expect(services.published).toEqual([
      { data: encodeMessagePack({ round: 2 }), isMessagePack: true },
      { data: new Uint8Array([7]), isMessagePack: false },
    ])
    expect(log.entries).toEqual([
      { level: 'info', fields: { tick: 1 }, message: 'was eu' },
      { level: 'warn', fields: {}, message: 'is round 2' },
    ])
  })

  it('a label that is too long is an error, and not its label', () => {
    const { handler, services } = started(
      defineRoom({
        init: () => ({ state: 0, label: 'short' }),
        loop: (room) => room.updateLabel('too long'),
        signal: (room) => room.label,
      }),
    )
    services.roomLabelUpdate = () => {
      throw new Error('at most 3 bytes')
    }
    expect(() => handler.loop(tick(1), [])).toThrow('at most 3 bytes')
    expect(handler.signal(null)).toBe('short')
  })
})
