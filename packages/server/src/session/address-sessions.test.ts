import { encodeClientFrame, Op } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { PeerInbox } from '../router/peer-inbox.ts'
import { FakeConnection } from '../testing/fake-connection.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { settled } from '../testing/promises.ts'
import { readMetric } from '../testing/read-metric.ts'
import { type RouterWorld, routerWorld } from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { createTestSession } from '../testing/test-session.ts'
import { AddressSessions } from './address-sessions.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const world = (options: ServerConfigInput = {}): RouterWorld =>
  routerWorld(metrics, { limits: { sessionsPerAddress: 2 }, ...options })

interface Client {
  readonly connection: FakeConnection
  readonly inbox: PeerInbox
}

async function startFrom({ connectLink }: RouterWorld, address: string): Promise<Client> {
  const connection = new FakeConnection(address)
  const inbox = connectLink(connection)
  inbox.onMessage(encodeClientFrame('SessionStart', { id: 9, versions: [1] }))
  await settled()
  return { connection, inbox }
}

describe('AddressSessions', () => {
  it('counts by address, once for each session, and keeps nothing of sessions that ended', () => {
    const addresses = new AddressSessions()
    const clock = new ManualClock()
    const [first, second] = [createTestSession(clock, 1).session, createTestSession(clock, 2).session]
    addresses.add(first, '2001:db8::1')
    addresses.add(second, '2001:db8::2')
    expect([addresses.of('2001:db8::3'), addresses.of('2001:db8:0:1::1')]).toEqual([2, 0])
    addresses.delete(first)
    addresses.delete(first)
    expect(addresses.of('2001:db8::3')).toBe(1)
    addresses.delete(second)
    expect(addresses.of('2001:db8::3')).toBe(0)
  })
})

describe('an address that has as many sessions as it may', () => {
  it('is refused another with SERVER_FULL; others are not', async () => {
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'sessionsPerAddress' })
    const before = await hits()
    const all = world()
    await startFrom(all, '192.0.2.1')
    await startFrom(all, '::ffff:192.0.2.1')
    const { connection } = await startFrom(all, '192.0.2.1')
    expect(connection.payloads('Error')).toMatchObject([
      {
        name: 'SERVER_FULL',
        id: 9,
        op: Op.SessionStart,
        message: 'this server admits at most 2 sessions of one address',
      },
    ])
    expect(await hits()).toBe(before + 1)
    expect((await startFrom(all, '192.0.2.2')).connection.errors).toEqual([])
    expect(all.sessions.size).toBe(3)
  })

  it('may start another when one has ended, and not while one is away', async () => {
    const all = world({ session: { resumeWindowMs: 5_000 } })
    const { inbox } = await startFrom(all, '192.0.2.1')
    await startFrom(all, '192.0.2.1')
    inbox.onClosed('gone')
    expect((await startFrom(all, '192.0.2.1')).connection.errors).toEqual(['SERVER_FULL'])
    all.clock.advance(5_000)
    expect((await startFrom(all, '192.0.2.1')).connection.errors).toEqual([])
  })

  it('has no more when several start at the same time', async () => {
    const all = world()
    const connections = await Promise.all(
      Array.from({ length: 5 }, () => startFrom(all, '192.0.2.1').then(({ connection }) => connection)),
    )
    expect(connections.filter(({ errors }) => errors.length === 0)).toHaveLength(2)
    expect(all.sessions.size).toBe(2)
  })

  it('may have any number when that is 0', async () => {
    const all = world({ limits: { sessionsPerAddress: 0 } })
    for (let count = 0; count < 300; count++) await startFrom(all, '192.0.2.1')
    expect(all.sessions.size).toBe(300)
  })
})
