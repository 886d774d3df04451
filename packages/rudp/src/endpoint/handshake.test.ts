import { describe, expect, it } from 'vitest'
import { DenyCode } from '../handshake/refusal-packets.ts'
import { PacketType } from '../handshake/long-header.ts'
import type { RudpConnection } from './rudp-connection.ts'
import { EndpointWorld, nameOf, SERVER_ADDRESS, SimulatedHost } from '../scenarios/endpoint-world.ts'
import { RawClient } from '../scenarios/raw-client.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const ATTACKER = { ip: '203.0.113.66', port: 666 }
const text = (data: Uint8Array) => new TextDecoder().decode(data)
const bytes = (data: string) => new TextEncoder().encode(data)

/** Sends a message from client to server and waits for its echo. */
function expectEcho(world: EndpointWorld, client: ReturnType<EndpointWorld['startClient']>): void {
  const received: string[] = []
  const echo = (peer: RudpConnection) => {
    peer.onMessage = (channel, mode, data) => peer.send(channel, mode, data)
  }
  world.accepted.forEach(echo)
  world.onConnection = echo
  client.connection.onMessage = (_channel, _mode, data) => received.push(text(data))
  client.connection.send(0, 'reliable-ordered', bytes('hello'))
  world.clock.advance(10_000)
  expect(received).toEqual(['hello'])
}

describe('the handshake', () => {
  it('takes two round trips with a pinned key, and the server hears of it half a trip later', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const client = world.startClient()
    world.clock.advanceTo(99.9)
    expect(client.outcome).toBeUndefined()
    world.clock.advanceTo(100)
    expect(client.outcome?.kind).toBe('accepted')
    expect(world.accepted).toHaveLength(0)
    world.clock.advanceTo(125)
    expect(world.accepted).toHaveLength(1)
    expect(world.server.stats).toMatchObject({
      hellos: 1,
      connects: 1,
      acceptsSent: 1,
      established: 1,
      connections: 1,
    })
    expectEcho(world, client)
  })

  it('takes one round trip with a ticket from an earlier connection, from any port', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const first = world.connectClient()
    world.clock.advance(200)
    const ticket = first.client.endpoint.ticket
    expect(ticket).toBeDefined()
    const startMs = world.clock.now()
    const again = world.startClient({ address: { ...first.client.address, port: 41_000 }, ticket: ticket! })
    world.clock.advanceTo(startMs + 50)
    expect(again.outcome?.kind).toBe('accepted')
    expect(world.server.stats.hellos).toBe(1)
    expectEcho(world, again)
  })

  it('falls back to a cookie when a ticket has been used, has expired or is for another address', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const { client } = world.connectClient()
    world.clock.advance(200)
    const ticket = client.endpoint.ticket!
    world.connectClient({ address: { ip: client.address.ip, port: 41_001 }, ticket })
    const { client: reused } = world.connectClient({
      address: { ip: client.address.ip, port: 41_002 },
      ticket,
    })
    expect(reused.outcome?.kind).toBe('accepted')
    const { client: elsewhere } = world.connectClient({ ticket })
    expect(elsewhere.outcome?.kind).toBe('accepted')
    world.clock.advance(3_700_000)
    const { client: late } = world.connectClient({ address: { ip: client.address.ip, port: 41_003 }, ticket })
    expect(late.outcome?.kind).toBe('accepted')
    expect(world.server.stats.drops).toMatchObject({
      'connect-repeated': 1,
      'cookie-forged': 1,
      'cookie-expired': 1,
    })
  })

  it('carries the user of a connect token to the server, with no public-key work before the token is good', () => {
    const world = new EndpointWorld()
    const token = world.issueToken('alice', { userData: bytes('blue team') })
    const { client, peer } = world.connectClient({ credentials: { kind: 'token', token } })
    expect(peer.userId).toBe('alice')
    expect(text(peer.userData)).toBe('blue team')
    expect(world.server.stats.publicKeyOperations).toBe(2)
    expectEcho(world, client)
  })

  it('survives the loss of any one of its packets, and makes one connection', () => {
    for (const direction of ['forward', 'backward'] as const) {
      for (let lost = 0; lost < 3; lost += 1) {
        const world = new EndpointWorld({ link: { delayMs: 25 } })
        const client = world.startClient()
        const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), { delayMs: 25 })
        let index = 0
        links[direction].filter = () => {
          index += 1
          return index - 1 !== lost
        }
        world.clock.advance(3_000)
        expect(world.accepted, `${direction} ${lost}`).toHaveLength(1)
        expectEcho(world, client)
        expect(world.server.stats.established).toBe(1)
      }
    }
  })

  it('makes exactly one working connection over a path with 30 % loss, duplicates, reordering and damage', () => {
    forEachSeed(20, (seed) => {
      const world = new EndpointWorld({
        seed,
        link: {
          delayMs: 40,
          loss: uniformLoss(0.3),
          duplicateRate: 0.2,
          reorderRate: 0.2,
          reorderDelayMs: 80,
          corruptRate: 0.02,
          truncateRate: 0.02,
        },
      })
      const client = world.startClient({ timeoutMs: 30_000 })
      expect(world.clock.runUntil(() => world.accepted.length > 0, 30_000)).toBe(true)
      expectEcho(world, client)
      expect(world.accepted).toHaveLength(1)
      expect(world.callbackErrors).toEqual([])
    })
  })

  it('starts over with a fresh cookie when CONNECT stays unanswered until the old one is stale', () => {
    const world = new EndpointWorld({ link: { delayMs: 10 } })
    const client = world.startClient({ timeoutMs: 30_000 })
    const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), { delayMs: 10 })
    links.forward.filter = (buffer, offset) => buffer[offset] !== PacketType.connect
    world.clock.advance(9_000)
    links.forward.filter = undefined
    world.clock.advance(3_000)
    expect(world.accepted).toHaveLength(1)
    expect(world.server.stats.hellos).toBeGreaterThan(1)
  })

  it('ends in time when nobody answers, having asked ever more rarely', () => {
    const world = new EndpointWorld({ link: { isBlackout: true } })
    const client = world.startClient({ timeoutMs: 10_000 })
    world.clock.advanceTo(9_999)
    expect(client.outcome).toBeUndefined()
    world.clock.advanceTo(10_000)
    expect(client.outcome).toEqual({ kind: 'timed-out' })
    const sent = world.network.counters()
    expect(sent.sent).toBeLessThanOrEqual(9)
    world.clock.advance(60_000)
    expect(world.network.counters().sent).toBe(sent.sent)
  })

  it('goes on with a server that was restarted between cookie and CONNECT', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const client = world.startClient()
    world.clock.advanceTo(60)
    world.serverHost.kill()
    const restarted = world.createServer()
    new SimulatedHost(world.network, SERVER_ADDRESS, restarted)
    world.clock.advance(3_000)
    expect(client.outcome?.kind).toBe('accepted')
    expect(restarted.stats.drops['cookie-forged']).toBe(1)
  })
})

describe('a refused client', () => {
  const refusals: [string, number, ConstructorParameters<typeof EndpointWorld>[0], object][] = [
    ['of another application', DenyCode.protocolMismatch, {}, { protocolId: new Uint8Array(8) }],
    ['when the server is full', DenyCode.serverFull, { server: { limits: { maxConnections: 0 } } }, {}],
    ['when too many are half-open', DenyCode.serverFull, { server: { limits: { maxHalfOpen: 0 } } }, {}],
    ['whom the application does not want', DenyCode.refused, { server: { authorize: () => false } }, {}],
  ]

  it.each(refusals)('%s is told so', (_name, code, worldOptions, clientOptions) => {
    const world = new EndpointWorld(worldOptions)
    const client = world.startClient(clientOptions)
    world.clock.advance(1_000)
    expect(client.outcome).toEqual({ kind: 'denied', code, retryAfterMs: 0 })
    expect(world.server.stats).toMatchObject({ deniesSent: 2, connections: 0, halfOpen: 0 })
  })

  it('without a token, where one is required, is told so', () => {
    const world = new EndpointWorld({ server: { serverKey: undefined as never } })
    const client = world.startClient()
    world.clock.advance(1_000)
    expect(client.outcome).toMatchObject({ kind: 'denied', code: DenyCode.tokenRequired })
  })

  it('whose authorize hook throws is refused, and the error is reported', () => {
    const failure = new Error('database')
    const world = new EndpointWorld({
      server: {
        authorize: () => {
          throw failure
        },
      },
    })
    const client = world.startClient()
    world.clock.advance(1_000)
    expect(client.outcome).toMatchObject({ kind: 'denied', code: DenyCode.refused })
    expect(world.callbackErrors).toContain(failure)
  })

  it('with one connection too many from its address is told so', () => {
    const world = new EndpointWorld({ server: { limits: { maxConnectionsPerAddress: 1 } } })
    const { client } = world.connectClient()
    const second = world.startClient({ address: { ip: client.address.ip, port: 5 } })
    world.clock.advance(1_000)
    expect(second.outcome).toMatchObject({ code: DenyCode.tooManyConnections })
    client.connection.close()
    world.clock.advance(5_000)
    const third = world.startClient({ address: { ip: client.address.ip, port: 6 } })
    world.clock.advance(1_000)
    expect(third.outcome?.kind).toBe('accepted')
  })

  it('of another version learns which ones there are', () => {
    const world = new EndpointWorld()
    const client = world.startClient({ insecure: true })
    world.clock.advance(1_000)
    expect(client.outcome).toEqual({ kind: 'version-unsupported', versions: [1] })
  })

  it('is told even when only one refusal gets through', () => {
    const world = new EndpointWorld({ server: { authorize: () => false } })
    const client = world.startClient({ timeoutMs: 2_000 })
    const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), {})
    let denials = 0
    links.backward.filter = (buffer, offset) => {
      if (buffer[offset] === PacketType.deny) denials += 1
      return buffer[offset] !== PacketType.deny || denials === 1
    }
    world.clock.advance(1_999)
    expect(client.outcome).toBeUndefined()
    world.clock.advance(1)
    expect(client.outcome).toMatchObject({ kind: 'denied', code: DenyCode.refused })
  })

  it('at a server that is shutting down is told so', () => {
    const world = new EndpointWorld()
    world.server.shutDown(1, 'bye')
    const client = world.startClient()
    world.clock.advance(1_000)
    expect(client.outcome).toMatchObject({ code: DenyCode.shuttingDown })
  })
})

describe('a client', () => {
  it('ignores answers to questions it did not ask, and a VERSIONS that names its own version', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const client = world.startClient()
    const forger = new RawClient(world, ATTACKER)
    forger.send(forger.hello())
    const forge = (packet: Uint8Array) =>
      world.network.send(nameOf(SERVER_ADDRESS), nameOf(client.address), packet)
    const deny = new Uint8Array(21)
    deny.set([PacketType.deny, 0x4b, 0x52, 0x50, 0x32, 1, 0])
    forge(deny)
    const nonce = new Uint8Array(8)
    const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), { delayMs: 25 })
    links.forward.filter = (buffer, offset) => {
      nonce.set(buffer.subarray(offset + 7, offset + 15))
      return true
    }
    world.clock.advance(251)
    const versions = Uint8Array.of(PacketType.versions, 0x4b, 0x52, 0x50, 0x32, 1, 0, ...nonce, 2, 1, 0, 2, 0)
    forge(versions)
    world.clock.advance(3_000)
    expect(client.outcome?.kind).toBe('accepted')
  })
})
