import { describe, expect, it } from 'vitest'
import type { Address } from '../endpoint/address.ts'
import { PacketType } from '../handshake/long-header.ts'
import { forEachSeed } from '../testing/index.ts'
import { EndpointWorld, nameOf, SERVER_ADDRESS } from './endpoint-world.ts'
import { RawClient } from './raw-client.ts'

const MAX_FACTOR = 3
const MAX_COOKIE_SHARE = 0.05

describe('scenario 14: nothing sent to an address that has proved nothing amplifies', () => {
  it('whatever is sent in whatever state, of whatever length, with whatever forged source', () => {
    forEachSeed(20, (seed) => {
      const world = new EndpointWorld({ seed, server: { limits: { maxHalfOpen: 3 } } })
      const recorded = recordHandshakes(world)
      for (let step = 0; step < 2_000; step += 1) {
        const { random } = world
        const victim = {
          ip: `10.0.${random.integer(200)}.${random.integer(250)}`,
          port: 1 + random.integer(9),
        }
        const packet = Uint8Array.from(recorded[random.integer(recorded.length)] ?? [])
        if (random.chance(0.5)) packet[random.integer(packet.length)] = random.integer(256)
        const length = random.chance(0.5) ? packet.length : random.integer(packet.length + 1)
        expectNoAmplification(world, victim, packet.subarray(0, length), MAX_FACTOR)
        if (random.chance(0.05)) world.clock.advance(random.integer(3_000))
      }
    })
  })

  it('a COOKIE has at most 5 % of its HELLO, and no answer is longer than its question', () => {
    const world = new EndpointWorld()
    const asker = new RawClient(world, { ip: '203.0.113.5', port: 5 })
    const spoofed = { ip: '10.1.1.1', port: 1 }
    const cookie = asker.fetchCookie()
    const questions: [string, Uint8Array, number][] = [
      ['HELLO', asker.hello(), MAX_COOKIE_SHARE],
      ['HELLO of another version', asker.hello(99), MAX_COOKIE_SHARE],
      ['CONNECT with somebody’s cookie', asker.connect(cookie, asker.pinnedSecret()), MAX_COOKIE_SHARE],
      ['an unknown connection id', new Uint8Array(60).fill(0x42), 0.75],
      ['the same, as short as it may be', new Uint8Array(27).fill(0x42), 0.97],
    ]
    for (const [name, packet, share] of questions) {
      const answered = expectNoAmplification(world, spoofed, packet, share)
      expect(answered, name).toBeGreaterThan(0)
    }
  })

  it('what is too short gets silence', () => {
    const world = new EndpointWorld()
    const asker = new RawClient(world, { ip: '203.0.113.5', port: 5 })
    const packets = [asker.hello(), asker.hello(99), asker.connect(asker.fetchCookie(), asker.pinnedSecret())]
    for (const packet of packets) {
      for (const length of [0, 1, 14, 15, 27, 600, 1_199]) {
        expect(expectNoAmplification(world, { ip: '10.1.1.1', port: 1 }, packet.subarray(0, length), 0)).toBe(
          0,
        )
      }
    }
  })

  it('an ACCEPT that is asked for again and again stays below the questions', () => {
    const world = new EndpointWorld()
    const client = new RawClient(world, { ip: '203.0.113.5', port: 5 })
    const connect = client.connect(client.fetchCookie(), client.pinnedSecret())
    for (let times = 0; times < 20; times += 1) client.send(connect)
    world.clock.advance(10_000)
    const bytesOut = client.received.reduce((sum, { length }) => sum + length, 0)
    expect(client.received.filter(([type]) => type === PacketType.accept)).toHaveLength(20)
    expect(bytesOut).toBeLessThanOrEqual(20 * connect.length * 0.11)
  })
})

/** Every packet of two handshakes and the first packets after, as an observer would have them. */
function recordHandshakes(world: EndpointWorld): Uint8Array[] {
  const recorded: Uint8Array[] = []
  for (const kind of ['pinned', 'token'] as const) {
    const address = { ip: '198.51.100.9', port: kind === 'token' ? 2 : 1 }
    const credentials =
      kind === 'token'
        ? ({ kind, token: world.issueToken() } as const)
        : ({ kind, serverPublicKey: world.serverKey.publicKey } as const)
    const client = world.startClient({ address, credentials })
    const links = world.network.connect(nameOf(address), nameOf(SERVER_ADDRESS), { delayMs: 5 })
    for (const link of [links.forward, links.backward]) {
      link.filter = (buffer, offset, length) => {
        recorded.push(buffer.slice(offset, offset + length))
        return true
      }
    }
    world.clock.advance(200)
    client.connection.close()
    world.clock.advance(2_000)
    client.host.kill()
  }
  return recorded
}

/** Sends one packet as if from `source` and compares with what comes back there. @returns bytes that came back */
function expectNoAmplification(
  world: EndpointWorld,
  source: Address,
  packet: Uint8Array,
  factor: number,
): number {
  const before = world.server.stats.bytesOut
  world.network.send(nameOf(source), nameOf(SERVER_ADDRESS), packet)
  world.clock.advance(1)
  const bytesOut = world.server.stats.bytesOut - before
  expect(bytesOut).toBeLessThanOrEqual(factor * packet.length)
  return bytesOut
}
