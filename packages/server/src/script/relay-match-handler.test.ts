import { describe, expect, it } from 'vitest'
import { member, value } from '../testing/match-world.ts'
import { ROOM_ID } from '../testing/module-world.ts'
import { recordingServices } from '../testing/recording-services.ts'
import { RelayMatchHandler } from './relay-match-handler.ts'

function world() {
  const services = recordingServices()
  const handler = new RelayMatchHandler({ roomId: ROOM_ID, version: 'v1', services, maxPlayersBound: 8 })
  return { handler, sent: services.sent }
}

const [ada, bob, eve] = [member(1), member(2), member(3)]

describe('a relayed room', () => {
  it('sends what a member sent to all others, as it is', () => {
    const { handler, sent } = world()
    for (const one of [ada, bob, eve]) handler.join(one)
    const data = new Uint8Array([1, 2, 3])
    handler.receive(2, { op: 513, data, isReliable: false, isMessagePack: true })
    const receivers = [ada.sessionId, eve.sessionId]
    expect(sent).toEqual([
      { op: 513, data, isReliable: false, isMessagePack: true, sender: bob.sessionId, receivers },
    ])
  })

  it('sends nothing for somebody who is alone, has left, or never was a member', () => {
    const { handler, sent } = world()
    handler.join(ada)
    handler.receive(1, value(1, 1, 'alone'))
    handler.join(bob)
    handler.leave({ member: 1, reason: 'left' })
    handler.receive(1, value(1, 1, 'left'))
    handler.receive(3, value(3, 1, 'never in'))
    expect(sent).toEqual([])
  })

  it('goes on until it is told to end, and takes no signals', () => {
    const { handler } = world()
    expect([handler.loop(), handler.terminate()]).toEqual([true, false])
    expect(() => handler.signal()).toThrow('takes no signals')
  })
})

describe('params', () => {
  it('set seats, label and the time that an empty room stays; each may be left out', () => {
    const { handler } = world()
    expect(handler.init({ max_players: 8, label: '{"mode":"duel"}', empty_timeout: 1.5 })).toEqual({
      tickHz: 1,
      label: '{"mode":"duel"}',
      maxPlayers: 8,
      emptyTimeoutMs: 1_500,
    })
    expect(handler.init({})).toMatchObject({ label: '', maxPlayers: undefined, emptyTimeoutMs: undefined })
  })

  it.each([
    [[], 'params must be a map'],
    [{ maxPlayers: 2 }, 'no field "maxPlayers", only max_players, label, empty_timeout'],
    [{ max_players: 9 }, 'max_players must be from 1 to 8, got 9'],
    [{ max_players: 1.5 }, 'max_players must be an integer, got 1.5'],
    [{ max_players: '2' }, 'max_players must be a number, got string'],
    [{ label: { mode: 'duel' } }, 'label must be a string, got object'],
    [{ private: 1 }, 'private must be a boolean, got number'],
    [{ password: 5 }, 'password must be a string of at most 256 bytes'],
    [{ password: 'x'.repeat(257) }, 'password must be a string of at most 256 bytes'],
    [{ empty_timeout: 0 }, 'empty_timeout (seconds) must be from 1 to 3600, got 0'],
    [{ empty_timeout: Number.NaN }, 'must be from 1 to 3600, got NaN'],
  ])('%j are refused', (params, message) => {
    expect(() => world().handler.init(params)).toThrow(message)
  })
})
