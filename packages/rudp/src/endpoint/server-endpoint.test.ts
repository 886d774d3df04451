import { describe, expect, it } from 'vitest'
import { CloseCode } from '../core/close-code.ts'
import { EndpointWorld, nameOf, SERVER_ADDRESS, SimulatedHost } from '../scenarios/endpoint-world.ts'
import { ENDPOINT_DROP_REASONS } from './endpoint-stats.ts'

const bytes = (data: string) => new TextEncoder().encode(data)

describe('a server that was restarted', () => {
  it('is noticed by its clients within one round trip of their next packet', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const { client } = world.connectClient()
    world.clock.advance(1_000)
    world.serverHost.kill()
    const restarted = world.createServer()
    new SimulatedHost(world.network, SERVER_ADDRESS, restarted)
    client.connection.send(0, 'reliable-ordered', bytes('anybody there?'))
    world.clock.advance(51)
    expect(client.connection.state).toBe('closed')
    expect(client.connection.closeInfo).toMatchObject({ code: CloseCode.Timeout, byPeer: false })
    expect(restarted.stats).toMatchObject({ resetsSent: 1 })
    expect(restarted.stats.drops['unknown-connection']).toBe(1)
  })

  it('with other keys cannot reset connections it has never had', () => {
    const world = new EndpointWorld()
    const { client } = world.connectClient()
    world.serverHost.kill()
    const stranger = world.createServer({ serverKey: new Uint8Array(32).fill(9) })
    new SimulatedHost(world.network, SERVER_ADDRESS, stranger)
    client.connection.send(0, 'reliable-ordered', bytes('anybody there?'))
    world.clock.advance(500)
    expect(stranger.stats.resetsSent).toBeGreaterThan(0)
    expect(client.connection.state).toBe('open')
  })

  it('sends a bounded number of resets per second', () => {
    const world = new EndpointWorld({ server: { limits: { resetsPerSecond: 50 } } })
    const junk = new Uint8Array(100).fill(0x42)
    const remote = { ip: '203.0.113.9', port: 9 }
    for (let count = 0; count < 1_000; count += 1) {
      world.server.handleDatagram(junk, 0, junk.length, remote, world.clock.now())
    }
    const { resetsSent, drops } = world.server.stats
    expect(resetsSent).toBe(50)
    expect(drops['reset-rate']).toBe(950)
  })
})

describe('shutting down', () => {
  it('tells every client the code and reason, then has nothing left', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const clients = Array.from({ length: 10 }, () => world.connectClient().client)
    const startMs = world.clock.now()
    world.server.shutDown(CloseCode.GoingAway, 'maintenance')
    world.clock.advance(26)
    for (const { connection } of clients) {
      expect(connection.closeInfo).toEqual({ code: CloseCode.GoingAway, reason: 'maintenance', byPeer: true })
    }
    expect(world.clock.runUntil(() => world.server.isDrained, startMs + 1_000)).toBe(true)
    expect(world.server.stats.connections).toBe(0)
  })

  it('is over soon even when the clients are gone', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const clients = Array.from({ length: 5 }, () => world.connectClient().client)
    for (const { host } of clients) host.kill()
    world.server.shutDown(CloseCode.GoingAway, 'maintenance')
    world.clock.advance(5_000)
    expect(world.server.isDrained).toBe(true)
  })

  it('drops a client that is only half in', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const client = world.startClient()
    world.clock.advanceTo(80)
    expect(world.server.stats.halfOpen).toBe(1)
    world.server.shutDown(CloseCode.GoingAway, 'maintenance')
    world.clock.advance(200)
    expect(world.server.stats).toMatchObject({ halfOpen: 0, connections: 0 })
    expect(client.connection.state).toBe('closed')
    expect(world.accepted).toHaveLength(0)
  })
})

describe('a connection that ends', () => {
  it('gives everything back, however it ends', () => {
    const world = new EndpointWorld({ server: { limits: { maxConnections: 2 } } })
    for (let round = 0; round < 20; round += 1) {
      const first = world.connectClient()
      const second = world.connectClient()
      if (round % 2 === 0) first.client.connection.close(300, 'mine')
      else first.peer.close(301, 'yours')
      second.client.host.kill()
      world.clock.advance(20_000)
      expect(second.peer.closeInfo).toMatchObject({ code: CloseCode.Timeout })
      expect(world.server.stats).toMatchObject({ connections: 0, halfOpen: 0 })
      expect(world.server.isDrained).toBe(true)
    }
    expect(world.server.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('tells its owner once, and calls no handler afterwards', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const { client, peer } = world.connectClient()
    const calls: string[] = []
    peer.onClose = ({ code }) => calls.push(`close ${code}`)
    peer.onMessage = () => calls.push('message')
    client.connection.send(0, 'reliable-ordered', bytes('crosses the close'))
    peer.close(300)
    peer.close(301)
    world.clock.advance(3_000)
    expect(calls).toEqual(['close 300'])
    expect(peer.send(0, 'unreliable', bytes('x'))).toBe('closed')
  })

  it('by a handler that throws leaves the others alone', () => {
    const world = new EndpointWorld()
    const good = world.connectClient()
    const bad = world.connectClient()
    bad.peer.onMessage = () => {
      throw new Error('handler')
    }
    bad.client.connection.send(0, 'reliable-ordered', bytes('x'))
    world.clock.advance(3_000)
    expect(bad.client.connection.closeInfo).toMatchObject({ code: CloseCode.Internal, byPeer: true })
    expect(good.client.connection.state).toBe('open')
    expect(world.callbackErrors).toHaveLength(1)
    expect(world.server.stats.callbackErrors).toBe(1)
  })

  it('in the very call that announces it, when that throws', () => {
    const world = new EndpointWorld()
    world.onConnection = () => {
      throw new Error('onConnection')
    }
    const { client } = world.connectClient()
    world.clock.advance(3_000)
    expect(client.connection.closeInfo).toMatchObject({ code: CloseCode.Internal, byPeer: true })
    expect(world.server.isDrained).toBe(true)
  })
})

describe('an insecure pair', () => {
  it('speaks in plain text, which a secure one never does', () => {
    for (const insecure of [true, false]) {
      const world = new EndpointWorld({ server: { insecure } })
      const credentials = insecure
        ? ({ kind: 'none' } as const)
        : ({ kind: 'pinned', serverPublicKey: world.serverKey.publicKey } as const)
      const { client, peer } = world.connectClient({ insecure, credentials })
      let seen = ''
      const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), {})
      links.backward.filter = (buffer, offset, length) => {
        seen += Buffer.from(buffer.subarray(offset, offset + length)).toString('latin1')
        return true
      }
      client.connection.send(0, 'reliable-ordered', bytes('meet me at noon'))
      peer.send(0, 'reliable-ordered', bytes('no, at night'))
      world.clock.advance(1_000)
      expect(client.connection.stats().messagesReceived).toBe(1)
      expect(seen.includes('at night')).toBe(insecure)
    }
  })
})

it('there is a counter for every reason', () => {
  const { drops } = new EndpointWorld().server.stats
  expect(Object.keys(drops)).toEqual([...ENDPOINT_DROP_REASONS])
  expect(Object.values(drops).every((count) => count === 0)).toBe(true)
})

it('datagrams from strangers with a known connection id do not push the peer’s address out', () => {
  const world = new EndpointWorld({ link: { delayMs: 25 } })
  const { client, peer } = world.connectClient()
  const address = peer.remote
  const recorded: Uint8Array[] = []
  const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), { delayMs: 25 })
  links.forward.filter = (buffer, offset, length) => {
    recorded.push(buffer.slice(offset, offset + length))
    return true
  }
  client.connection.send(0, 'reliable-ordered', bytes('x'))
  world.clock.advance(100)
  const forged = Uint8Array.from(recorded[0]!)
  for (let port = 1; port < 200; port += 1) {
    forged[9] = port
    world.network.send(nameOf({ ip: '203.0.113.1', port }), nameOf(SERVER_ADDRESS), forged)
  }
  world.clock.advance(1_000)
  expect(peer.remote).toEqual(address)
  expect(peer.stats().drops.authentication).toBeGreaterThan(100)
  peer.send(0, 'reliable-ordered', bytes('y'))
  world.clock.advance(1_000)
  expect(client.connection.stats().messagesReceived).toBe(1)
})
