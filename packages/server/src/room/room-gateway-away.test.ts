import { encodeMessagePack, encodeRoomState } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { Session } from '../session/session.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { createTestPeer, type TestSession } from '../testing/test-session.ts'
import type { RoomRecord } from './room-record.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

interface Party extends GatewayWorld {
  readonly room: RoomRecord
  readonly ann: TestSession
  readonly bob: TestSession
}

/** Ann and Bob in one room. */
function party(traits: { resumeWindowMs?: number; maxPlayers?: number } = {}): Party {
  const world = gatewayWorld(metrics, { session: { resumeWindowMs: 1_000 } })
  const room = world.run(traits)
  const [ann, bob] = [world.connect(), world.connect()]
  world.join(ann.session, room)
  world.join(bob.session, room)
  world.clock.turn()
  return { ...world, room, ann, bob }
}

function lose({ gateway }: GatewayWorld, session: Session): number {
  session.link.detach()
  return gateway.sessionAway(session)
}

function comeBack({ clock, gateway }: GatewayWorld, session: Session): TestSession['connection'] {
  const { peer, connection } = createTestPeer(clock)
  session.link.attach(peer, new Map(), () => {})
  gateway.sessionBack(session)
  return connection
}

const presences = ({ connection }: TestSession) => connection.payloads('RoomPresence').slice(-1)

describe('a member whose connection is lost', () => {
  it('keeps its seat; the others and the host are told, and again when it is back', () => {
    const all = party()
    expect(lose(all, all.ann.session)).toBe(1_000)
    expect(presences(all.bob)).toEqual([{ room: 1, joins: [], leaves: [], away: [1] }])
    expect(all.host.taken('drop')).toEqual([{ kind: 'drop', roomId: all.room.id, member: 1 }])
    expect(all.room.size).toBe(2)
    comeBack(all, all.ann.session)
    expect(presences(all.bob)).toEqual([{ room: 1, joins: [], leaves: [], back: [1] }])
    expect(all.host.taken('resume')).toEqual([{ kind: 'resume', roomId: all.room.id, member: 1 }])
    all.clock.advance(5_000)
    expect(all.host.taken('leave')).toEqual([])
    expect(all.clock.pendingTimers).toBe(0)
  })

  it('is shown as away to those who join meanwhile', () => {
    const all = party()
    lose(all, all.ann.session)
    const eve = all.connect()
    all.join(eve.session, all.room)
    expect(eve.connection.payloads('RoomJoin')[0]?.members).toMatchObject([
      { member: 3 },
      { member: 1, is_away: true },
      { member: 2 },
    ])
  })

  it('counts as taken: a full room stays full', () => {
    const all = party({ maxPlayers: 2 })
    lose(all, all.ann.session)
    expect(() => all.ask(all.connect().session, all.room.id)).not.toThrow()
    expect(all.host.taken('join')).toHaveLength(2)
  })

  it('is let go when its time is over', () => {
    const all = party()
    lose(all, all.ann.session)
    all.clock.advance(999)
    expect(all.host.taken('leave')).toEqual([])
    all.clock.advance(1)
    expect(all.host.taken('leave')).toMatchObject([{ member: 1, reason: 'dropped' }])
    expect(presences(all.bob)).toMatchObject([{ leaves: [{ member: 1, reason: 'dropped' }] }])
    expect(all.ann.session.roomCount).toBe(0)
  })

  it('is kept as long as its room says, longer or shorter, or not at all', () => {
    const longer = party({ resumeWindowMs: 60_000 })
    expect(lose(longer, longer.ann.session)).toBe(60_000)
    longer.clock.advance(59_999)
    expect(longer.host.taken('leave')).toEqual([])
    const none = party({ resumeWindowMs: 0 })
    expect(lose(none, none.ann.session)).toBe(0)
    expect(none.host.taken('leave')).toMatchObject([{ member: 1, reason: 'dropped' }])
    expect(none.host.taken('drop')).toEqual([])
  })

  it('gets of the states that it has missed only the newest, and after what else it has missed', () => {
    const all = party()
    lose(all, all.ann.session)
    for (const version of [1, 2, 3]) {
      const data = encodeMessagePack(version)
      all.gateway.roomState(all.room.id, encodeRoomState({ room: 0, isMessagePack: true, version, data }))
    }
    const connection = comeBack(all, all.ann.session)
    expect(connection.roomStates.map(({ version }) => version)).toEqual([3])
    expect(connection.ops.at(-1)).toBe('RoomState')
    expect(all.bob.connection.roomStates.map(({ version }) => version)).toEqual([1, 2, 3])
  })

  it('that was let in after its connection was lost is away as well', () => {
    const all = party()
    const eve = all.connect()
    all.ask(eve.session, all.room.id)
    lose(all, eve.session)
    all.gateway.joinAccepted(all.room.id, 3)
    all.clock.turn()
    expect(all.host.taken('drop')).toMatchObject([{ member: 3 }])
    expect(presences(all.bob)).toMatchObject([{ away: [3] }])
  })

  it('can be kicked, and leaves no timer', () => {
    const all = party()
    lose(all, all.ann.session)
    expect(all.gateway.kick(all.room.id, all.ann.session.id, 'out')).toBe(true)
    expect(all.host.taken('leave')).toMatchObject([{ member: 1, reason: 'kicked' }])
    expect(all.clock.pendingTimers).toBe(0)
  })
})
