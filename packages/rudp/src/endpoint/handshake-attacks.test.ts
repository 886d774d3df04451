import { describe, expect, it } from 'vitest'
import { PacketType } from '../handshake/long-header.ts'
import { DenyCode } from '../handshake/refusal-packets.ts'
import { EndpointWorld, nameOf, SERVER_ADDRESS } from '../scenarios/endpoint-world.ts'
import { RawClient } from '../scenarios/raw-client.ts'

const HONEST = { ip: '198.51.100.1', port: 1000 }
const ATTACKER = { ip: '203.0.113.66', port: 666 }

describe('a CONNECT that is sent again', () => {
  it('gets the same ACCEPT, byte for byte, while its connection is half-open', () => {
    const world = new EndpointWorld()
    const client = new RawClient(world, HONEST)
    const connect = client.connect(client.fetchCookie(), client.pinnedSecret())
    for (let times = 0; times < 4; times += 1) client.send(connect)
    world.clock.advance(100)
    expect(client.received).toHaveLength(4)
    for (const answer of client.received) expect(answer).toEqual(client.received[0])
    expect(world.server.stats).toMatchObject({
      acceptsSent: 1,
      acceptsRepeated: 3,
      halfOpen: 1,
      publicKeyOperations: 3,
    })
  })

  it('makes no second connection once the first is open, nor after it has ended', () => {
    const world = new EndpointWorld()
    const recorded: Uint8Array[] = []
    const client = world.startClient({ address: HONEST })
    const links = world.network.connect(nameOf(HONEST), nameOf(SERVER_ADDRESS), {})
    links.forward.filter = (buffer, offset, length) => {
      if (buffer[offset] === PacketType.connect) recorded.push(buffer.slice(offset, offset + length))
      return true
    }
    world.clock.advance(500)
    expect(recorded).toHaveLength(1)
    const replay = () => {
      world.network.send(nameOf(HONEST), nameOf(SERVER_ADDRESS), recorded[0]!)
      world.clock.advance(500)
    }
    replay()
    expect(client.connection.state).toBe('open')
    client.connection.close()
    world.clock.advance(3_000)
    replay()
    expect(world.server.stats).toMatchObject({
      acceptsSent: 1,
      connections: 0,
      halfOpen: 0,
      publicKeyOperations: 3,
    })
    expect(world.server.stats.drops['connect-repeated']).toBe(2)
  })

  it('may have another try while nobody has confirmed, and makes one connection then', () => {
    const world = new EndpointWorld()
    const client = new RawClient(world, HONEST)
    const connect = client.connect(client.fetchCookie(), client.pinnedSecret())
    client.send(connect)
    world.clock.advance(5_100)
    expect(world.server.stats.drops['half-open-expired']).toBe(1)
    client.send(connect)
    world.clock.advance(100)
    const [first, second] = client.received
    expect(client.takeAnswers()).toEqual([PacketType.accept, PacketType.accept])
    // Fresh keys: the two answers have nothing in common but the header.
    expect(second).not.toEqual(first)
    expect(world.server.stats.halfOpen).toBe(1)
  })

  it('with other contents, from the same address, replaces the half-open connection', () => {
    const world = new EndpointWorld()
    const client = new RawClient(world, HONEST)
    client.send(client.connect(client.fetchCookie(), client.pinnedSecret()))
    world.clock.advance(100)
    client.send(client.connect(client.fetchCookie(), client.pinnedSecret()))
    world.clock.advance(100)
    expect(world.server.stats).toMatchObject({ acceptsSent: 2, halfOpen: 1, connections: 0 })
  })

  it('with other contents replaces it also where every slot is taken', () => {
    const world = new EndpointWorld({ server: { limits: { maxConnections: 1 } } })
    const client = new RawClient(world, HONEST)
    const first = client.connect(client.fetchCookie(), client.pinnedSecret())
    const second = client.connect(client.fetchCookie(), client.pinnedSecret())
    client.send(first)
    client.send(second)
    client.send(first)
    world.clock.advance(100)
    expect(client.takeAnswers()).toEqual([PacketType.accept, PacketType.accept, PacketType.accept])
    expect(world.server.stats).toMatchObject({ halfOpen: 1, connections: 0 })
    world.clock.advance(6_000)
    expect(world.server.isDrained).toBe(true)
  })
})

describe('a connect token', () => {
  it('serves once: not again from its own address, not from another', () => {
    const world = new EndpointWorld()
    const token = world.issueToken()
    const { client } = world.connectClient({ address: HONEST, credentials: { kind: 'token', token } })
    client.connection.close()
    world.clock.advance(3_000)
    client.host.kill()
    for (const address of [HONEST, ATTACKER]) {
      const again = world.startClient({ address, credentials: { kind: 'token', token } })
      world.clock.advance(1_000)
      expect(again.outcome).toMatchObject({ kind: 'denied', code: DenyCode.tokenReused })
    }
    expect(world.server.stats.acceptsSent).toBe(1)
    expect(world.server.stats.publicKeyOperations).toBe(2)
  })

  it('that was seen on the wire cannot be used up by who does not know its secret', () => {
    const world = new EndpointWorld()
    const token = world.issueToken()
    const thief = new RawClient(world, ATTACKER)
    const stolen = { token: token.sealed }
    thief.send(thief.connect(thief.fetchCookie(), new Uint8Array(32), stolen))
    world.clock.advance(100)
    expect(thief.takeAnswers()).toEqual([{ denied: DenyCode.tokenInvalid }])
    expect(world.server.stats.drops['proof-wrong']).toBe(1)
    expect(world.server.stats.publicKeyOperations).toBe(0)
    expect(world.connectClient({ credentials: { kind: 'token', token } }).peer.userId).toBe('user')
  })

  it('is refused by another worker, and by a server whose address it does not name', () => {
    const misdirected = (world: EndpointWorld, worker: number) => {
      const client = world.startClient({
        credentials: { kind: 'token', token: world.issueToken('u', { worker }) },
      })
      world.clock.advance(1_000)
      return client.outcome?.kind
    }
    expect(misdirected(new EndpointWorld({ server: { worker: 3 } }), 3)).toBe('accepted')
    const other = new EndpointWorld({ server: { worker: 4 } })
    expect(misdirected(other, 3)).toBe('denied')
    expect(other.server.stats.drops['token-misdirected']).toBeGreaterThan(0)
    const publicAddresses = [SERVER_ADDRESS]
    expect(misdirected(new EndpointWorld({ server: { publicAddresses } }), 0)).toBe('accepted')
    const elsewhere = [{ ip: '192.0.2.2', port: 7350 }]
    expect(misdirected(new EndpointWorld({ server: { publicAddresses: elsewhere } }), 0)).toBe('denied')
  })

  it('is refused when the cache that remembers used ones is full of living ones', () => {
    const world = new EndpointWorld({ server: { limits: { maxClaims: 1 } } })
    world.connectClient({ credentials: { kind: 'token', token: world.issueToken() } })
    const second = world.startClient({ credentials: { kind: 'token', token: world.issueToken() } })
    world.clock.advance(1_000)
    expect(second.outcome).toMatchObject({ code: DenyCode.serverFull })
    expect(world.server.stats.drops['token-cache-full']).toBeGreaterThan(0)
  })

  it('lowers the limits of its connection and never raises them', () => {
    const world = new EndpointWorld({ server: { connectionLimits: { receivePacketsPerSecond: 100 } } })
    const limitOf = (packetsPerSecondIn: number) => {
      const token = world.issueToken('u', { limits: { packetsPerSecondIn, bytesPerSecondIn: 0 } })
      const { client } = world.connectClient({ credentials: { kind: 'token', token } })
      return client.endpoint.accepted?.packetsPerSecondIn
    }
    expect([limitOf(0), limitOf(50), limitOf(500)]).toEqual([100, 50, 100])
  })
})

describe('a forged handshake packet', () => {
  it('with an address token for somebody else gets a cookie at most', () => {
    const world = new EndpointWorld()
    const honest = new RawClient(world, HONEST)
    const cookie = honest.fetchCookie()
    const attacker = new RawClient(world, ATTACKER)
    attacker.nonce.set(honest.nonce)
    attacker.send(attacker.connect(cookie, attacker.pinnedSecret()))
    world.clock.advance(100)
    expect(attacker.takeAnswers()).toEqual([PacketType.cookie])
    expect(world.server.stats.publicKeyOperations).toBe(0)
    expect(world.server.stats.drops['cookie-forged']).toBe(1)
  })

  it('that is too short, of a server’s type, unknown, or cut off in its token gets nothing', () => {
    const world = new EndpointWorld()
    const attacker = new RawClient(world, ATTACKER)
    const hello = attacker.hello()
    const connect = attacker.connect(attacker.fetchCookie(), attacker.pinnedSecret())
    attacker.send(hello.subarray(0, 1199))
    attacker.send(connect.subarray(0, 1199))
    for (const type of [0xc1, 0xc3, 0xc4, 0xc5, 0xcf])
      attacker.send(Uint8Array.of(type, ...hello.subarray(1)))
    const endless = Uint8Array.from(connect)
    endless.fill(0xff, 76, 78)
    attacker.send(endless)
    attacker.send(new Uint8Array(1200))
    attacker.send(Uint8Array.of(0x40))
    attacker.send(new Uint8Array(0))
    world.clock.advance(100)
    expect(attacker.received).toEqual([])
    expect(world.server.stats.drops).toMatchObject({
      undersized: 2,
      'unexpected-type': 5,
      'malformed-connect': 1,
      foreign: 3,
    })
  })

  it('with a public key of low order gets no connection, with or without a token', () => {
    const world = new EndpointWorld()
    const attacker = new RawClient(world, ATTACKER)
    const ephemeral = new Uint8Array(32)
    attacker.send(attacker.connect(attacker.fetchCookie(), new Uint8Array(32), { ephemeral }))
    const { sealed, clientSecret } = world.issueToken()
    attacker.send(attacker.connect(attacker.fetchCookie(), clientSecret, { ephemeral, token: sealed }))
    world.clock.advance(100)
    expect(attacker.received).toEqual([])
    expect(world.server.stats.drops['key-invalid']).toBe(2)
    expect(world.server.stats).toMatchObject({ halfOpen: 0, connections: 0 })
  })

  it('in any byte that matters makes no connection', () => {
    const world = new EndpointWorld({ server: { limits: { connectsPerSecondPerPrefix: 0 } } })
    const client = new RawClient(world, HONEST)
    const connect = client.connect(client.fetchCookie(), client.pinnedSecret())
    const meaningful = 78 + 16
    for (let offset = 0; offset < meaningful; offset += 1) {
      const damaged = Uint8Array.from(connect)
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x20
      client.send(damaged)
    }
    world.clock.advance(100)
    expect(client.takeAnswers()).not.toContain(PacketType.accept)
    expect(world.server.stats).toMatchObject({ acceptsSent: 0, halfOpen: 0 })
  })
})

describe('under load', () => {
  it('HELLO and CONNECT have budgets of their own, and a prefix its share', () => {
    const world = new EndpointWorld({
      server: { limits: { hellosPerSecond: 100, connectsPerSecond: 50, connectBurstPerPrefix: 2 } },
    })
    const client = new RawClient(world, HONEST)
    const cookie = client.fetchCookie()
    world.clock.advance(1_000)
    for (let count = 0; count < 20; count += 1) client.send(client.hello())
    for (let count = 0; count < 20; count += 1) client.send(client.connect(cookie, new Uint8Array(32)))
    world.clock.advance(100)
    const { drops, cookiesSent } = world.server.stats
    expect(drops).toMatchObject({ 'hello-rate': 10, 'connect-rate': 15, 'prefix-rate': 3, 'proof-wrong': 2 })
    expect(cookiesSent).toBe(11)
  })

  it('an overflowing queue of answers loses the rest and says so', () => {
    const world = new EndpointWorld()
    const hello = new RawClient(world, ATTACKER).hello()
    const nowMs = world.clock.now()
    for (let count = 0; count < 1_500; count += 1) {
      world.server.handleDatagram(hello, 0, hello.length, ATTACKER, nowMs)
    }
    expect(world.server.stats.drops['reply-overflow']).toBe(1_500 - 1_024)
  })
})
