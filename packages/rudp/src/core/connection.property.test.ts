import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PERFECT_LINK, uniformLoss } from '../testing/index.ts'
import { DELIVERY_MODES } from './delivery-mode.ts'
import { Ledger } from './testing/ledger.ts'
import { SimulatedPair } from './testing/simulated-pair.ts'

type Side = 'client' | 'server'
const SIDES: readonly Side[] = ['client', 'server']
const QUIET_MS = 30_000

const side = fc.constantFrom(...SIDES)

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      side,
      channel: fc.integer({ min: 0, max: 3 }),
      mode: fc.constantFrom(...DELIVERY_MODES),
      size: fc.oneof(
        fc.integer({ min: 4, max: 300 }),
        fc.integer({ min: 1000, max: 8000 }),
        fc.constant(60_000),
      ),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('flush' as const), side }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 150 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('weather' as const),
      side,
      loss: fc.constantFrom(0, 0.05, 0.25, 0.5),
      duplicateRate: fc.constantFrom(0, 0.25),
      reorderRate: fc.constantFrom(0, 0.3),
      corruptRate: fc.constantFrom(0, 0.05),
      truncateRate: fc.constantFrom(0, 0.05),
      delayMs: fc.constantFrom(0, 5, 50, 200),
      bandwidthBytesPerSecond: fc.constantFrom(20_000, 200_000, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('blackout' as const), ms: fc.integer({ min: 10, max: 3000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stall' as const), side, ms: fc.integer({ min: 10, max: 500 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebind' as const), newHost: fc.boolean() }) },
)

describe('two connections under any script of operations', () => {
  it('deliver exactly once, in order, byte for byte, within bounds, and leave nothing behind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.constantFrom('newreno' as const, 'cubic' as const, 'game' as const),
        fc.boolean(),
        fc.array(operation, { minLength: 5, maxLength: 120 }),
        (seed, algorithm, eager, script) => {
          run(seed, algorithm, eager, script)
        },
      ),
      { numRuns: 120 },
    )
  }, 60_000)
})

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

function run(
  seed: number,
  algorithm: 'newreno' | 'cubic' | 'game',
  eager: boolean,
  script: readonly Operation[],
): void {
  const toServer = new Ledger()
  const toClient = new Ledger()
  const common = {
    congestion: { algorithm },
    channels: [{ eager, priority: 0 }, {}, { weight: 5 }, { priority: 7 }],
    keyUpdate: { afterPackets: 50 },
    liveness: { idleTimeoutMs: 120_000 },
    limits: { slowConsumerMs: 1_000_000, authenticationFailuresPerMinute: 0 },
  }
  const pair = new SimulatedPair({
    seed,
    checksPayload: true,
    conditions: { delayMs: 20 },
    client: { ...common, onMessage: (channel, mode, data) => toClient.receive(channel, mode, data) },
    server: { ...common, onMessage: (channel, mode, data) => toServer.receive(channel, mode, data) },
  })
  let port = 5000
  for (const step of script) {
    switch (step.do) {
      case 'send':
        for (let count = 0; count < step.count; count++) {
          const ledger = step.side === 'client' ? toServer : toClient
          ledger.send(pair[step.side], step.channel, step.mode, step.size)
        }
        break
      case 'flush':
        pair[step.side].flush()
        break
      case 'wait':
        pair.advance(step.ms)
        break
      case 'weather': {
        const { loss, side: at, do: _, ...rest } = step
        const link = at === 'client' ? pair.upLink : pair.downLink
        link.update({ ...rest, loss: uniformLoss(loss), reorderDelayMs: 60, queueBytes: 50_000 })
        break
      }
      case 'blackout':
        for (const link of [pair.upLink, pair.downLink]) {
          link.update({ isBlackout: true })
          pair.network.clock.after(step.ms, () => link.update({ isBlackout: false }))
        }
        break
      case 'stall':
        pair[step.side].stallUntil(pair.nowMs + step.ms)
        break
      case 'rebind':
        port++
        pair.client.socket.rebind(step.newHost ? `10.9.${port % 250}.1:${port}` : `10.0.1.0:${port}`)
        break
      default:
        throw new Error(`unknown operation ${JSON.stringify(step satisfies never)}`)
    }
    for (const name of SIDES) {
      const stats = pair[name].stats()
      expect(stats.receiveBufferBytes).toBeLessThanOrEqual(1024 * 1024)
      expect(stats.sendQueueBytes).toBeLessThanOrEqual(512 * 1024)
    }
  }
  pair.upLink.update({ ...PERFECT_LINK, delayMs: 20 })
  pair.downLink.update({ ...PERFECT_LINK, delayMs: 20 })
  pair.client.flush()
  pair.server.flush()
  pair.advance(QUIET_MS)

  toServer.check(true)
  toClient.check(true)
  for (const name of SIDES) {
    expect(pair[name].connection.state).toBe('open')
    expect(pair[name].stats()).toMatchObject({
      sendQueueBytes: 0,
      sendQueueMessages: 0,
      receiveBufferBytes: 0,
    })
  }
  pair.client.close(0, 'done')
  pair.advance(5000)
  expect([pair.client.connection.state, pair.server.connection.state]).toEqual(['closed', 'closed'])
  expect(pair.network.clock.pendingEvents).toBe(0)
}
