import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import type { Address } from '../endpoint/address.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'
import { EndpointWorld, nameOf, SERVER_ADDRESS } from './endpoint-world.ts'

const RTT_MS = 60
const TICK_MS = 50
const REBIND_AT_TICK = 40
const TICKS = 120
const LINK = { delayMs: RTT_MS / 2, loss: uniformLoss(0.05) }

describe('scenario 15 with real keys and addresses', () => {
  it.each([
    { change: 'port', to: (from: Address) => ({ ip: from.ip, port: from.port + 999 }) },
    { change: 'IP', to: (from: Address) => ({ ip: '198.51.7.7', port: from.port }) },
  ])('goes on after a change of the $change; the server knows the new address and no other', ({ to }) => {
    forEachSeed(20, (seed) => {
      const world = new EndpointWorld({ seed, link: LINK })
      const { client, peer } = world.connectClient()
      const moved = to(client.address)
      const announced: Address[] = []
      peer.onAddressChanged = (remote) => announced.push(remote)
      const arrivals: number[] = []
      const received: number[] = []
      peer.onMessage = (_channel, _mode, data) => {
        received.push(numberOf(data))
        arrivals.push(world.clock.now())
        peer.send(0, 'reliable-ordered', data)
      }
      let echoes = 0
      client.connection.onMessage = () => {
        echoes += 1
      }
      const startMs = world.clock.now()
      for (let tick = 0; tick < TICKS; tick += 1) {
        world.clock.at(startMs + tick * TICK_MS, () => {
          if (tick === REBIND_AT_TICK) {
            world.network.connect(nameOf(moved), nameOf(SERVER_ADDRESS), LINK)
            client.host.socket.rebind(nameOf(moved))
          }
          client.connection.send(0, 'reliable-ordered', numberedMessage(tick, 100))
        })
      }
      world.clock.advance(TICKS * TICK_MS + 3_000)
      expect(received).toEqual(Array.from({ length: TICKS }, (_, tick) => tick))
      expect(echoes).toBe(TICKS)
      expect(announced).toEqual([moved])
      expect(peer.remote).toEqual(moved)
      expect([client.connection.state, peer.state]).toEqual(['open', 'open'])
      const gaps = arrivals.map((atMs, index) => atMs - (arrivals[index - 1] ?? atMs))
      expect(Math.max(...gaps) - TICK_MS).toBeLessThanOrEqual(2 * RTT_MS + 100)
    })
  })

  it('keeps the flow with the client when somebody copies its packets from another address', () => {
    forEachSeed(20, (seed) => {
      const world = new EndpointWorld({ seed, link: LINK })
      const { client, peer } = world.connectClient()
      const replayer = { ip: '203.0.113.9', port: 99 }
      let stolenBytes = 0
      let sentBytes = 0
      world.network.attach(nameOf(replayer), (_buffer, length) => {
        stolenBytes += length
      })
      const links = world.network.connect(nameOf(client.address), nameOf(SERVER_ADDRESS), LINK)
      links.forward.filter = (buffer, offset, length) => {
        if (world.random.chance(0.1)) {
          sentBytes += length
          world.network.send(nameOf(replayer), nameOf(SERVER_ADDRESS), buffer, offset, length)
        }
        return true
      }
      const received: number[] = []
      peer.onMessage = (_channel, _mode, data) => received.push(numberOf(data))
      const startMs = world.clock.now()
      for (let tick = 0; tick < TICKS; tick += 1) {
        world.clock.at(startMs + tick * TICK_MS, () => {
          client.connection.send(0, 'reliable-ordered', numberedMessage(tick, 100))
        })
      }
      world.clock.advance(TICKS * TICK_MS + 3_000)
      expect(received).toEqual(Array.from({ length: TICKS }, (_, tick) => tick))
      expect(peer.remote).toEqual(client.address)
      expect(client.connection.state).toBe('open')
      expect(stolenBytes).toBeLessThanOrEqual(3 * sentBytes)
    })
  })
})
