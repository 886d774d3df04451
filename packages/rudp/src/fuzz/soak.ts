import { DELIVERY_MODES } from '../core/delivery-mode.ts'
import { Ledger } from '../core/testing/ledger.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import type { SimulatedPeer } from '../core/testing/simulated-peer.ts'
import { SeededRandom, uniformLoss } from '../testing/index.ts'

const TICK_MS = 50
/** Ticks of one connection, more or less; then it is closed and another made. */
const SESSION_TICKS = 1000
/** Time for everything to arrive at the end: two packets per round trip are little … */
const MAX_DRAIN_MS = 600_000
const DRAIN_STEP_MS = 5000
/** … and then for the close, of which all three packets may be lost: the peer notices by the silence. */
const IDLE_TIMEOUT_MS = 120_000
const CLOSE_MS = IDLE_TIMEOUT_MS + 5000

/** What a soak has done so far. */
export interface SoakReport {
  virtualMs: number
  sessions: number
  messagesSent: number
  messagesReceived: number
}

/**
 * Connections, one after another, over a miserable path: 1 s ± 100 ms each way, a quarter lost and a quarter
 * doubled. Both sides send what chance has it, stall and change address. Each message is checked, and nothing may
 * be left behind.
 *
 * @throws Error at the first thing that is wrong; the seed is in the message
 */
export function soak(
  virtualHours: number,
  seed: number,
  onSession?: (report: SoakReport) => void,
): SoakReport {
  const report: SoakReport = { virtualMs: 0, sessions: 0, messagesSent: 0, messagesReceived: 0 }
  while (report.virtualMs < virtualHours * 3_600_000) {
    const sessionSeed = seed + report.sessions
    try {
      runSession(sessionSeed, report)
    } catch (cause) {
      throw new Error(`seed ${sessionSeed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      })
    }
    report.sessions++
    onSession?.(report)
  }
  return report
}

function runSession(seed: number, report: SoakReport): void {
  const random = new SeededRandom(seed, 99)
  const toServer = new Ledger()
  const toClient = new Ledger()
  const limits = { slowConsumerMs: 600_000 }
  const liveness = { idleTimeoutMs: IDLE_TIMEOUT_MS }
  const pair = new SimulatedPair({
    seed,
    conditions: {
      delayMs: 900,
      jitter: { kind: 'uniform', maxMs: 200 },
      loss: uniformLoss(0.25),
      duplicateRate: 0.25,
    },
    client: {
      limits,
      liveness,
      onMessage: (channel, mode, data) => toClient.receive(channel, mode, data),
    },
    server: {
      limits,
      liveness,
      onMessage: (channel, mode, data) => toServer.receive(channel, mode, data),
    },
  })
  const ticks = SESSION_TICKS / 2 + random.integer(SESSION_TICKS)
  pair.every(TICK_MS, ticks, () => {
    tick(random, pair.client, toServer)
    tick(random, pair.server, toClient)
    if (random.chance(0.002)) pair.client.stallUntil(pair.nowMs + random.integer(500))
    if (random.chance(0.002)) pair.client.socket.rebind(`10.7.0.1:${random.integer(60_000)}`)
  })
  pair.advance(ticks * TICK_MS)
  pair.client.flush()
  pair.server.flush()
  const isEmpty = () => pair.client.stats().sendQueueMessages + pair.server.stats().sendQueueMessages === 0
  const endMs = pair.nowMs + MAX_DRAIN_MS
  do pair.advance(DRAIN_STEP_MS)
  while (!isEmpty() && pair.nowMs < endMs)
  toServer.check(true)
  toClient.check(true)
  pair.client.close(0, 'soaked')
  pair.advance(CLOSE_MS)
  for (const peer of [pair.client, pair.server]) checkEnd(peer)
  const { pendingEvents } = pair.network.clock
  if (pendingEvents > 0) throw new Error(`${pendingEvents} timers and datagrams are left`)
  report.virtualMs += pair.nowMs
  report.messagesSent += toServer.sentCount + toClient.sentCount
  report.messagesReceived += toServer.receivedCount + toClient.receivedCount
}

function tick(random: SeededRandom, peer: SimulatedPeer, ledger: Ledger): void {
  while (random.chance(0.5)) {
    const mode = DELIVERY_MODES[random.integer(4)] ?? 'unreliable'
    const sizeBytes = 4 + random.integer(random.chance(0.99) ? 200 : 5000)
    ledger.send(peer, random.integer(4), mode, sizeBytes)
  }
  if (random.chance(0.9)) peer.flush()
}

function checkEnd(peer: SimulatedPeer): void {
  const { state } = peer.connection
  if (state !== 'closed') throw new Error(`a connection is ${state} long after it was closed`)
  const { sendQueueBytes, sendQueueMessages, receiveBufferBytes } = peer.stats()
  const left = sendQueueBytes + sendQueueMessages + receiveBufferBytes
  if (left > 0) throw new Error(`${left} bytes and messages are left in a connection`)
}
