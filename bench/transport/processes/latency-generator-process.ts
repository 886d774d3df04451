import {
  type EchoClient,
  type EchoEndpoint,
  type EchoTransportName,
  loadEchoTransport,
} from '../echo/echo-transport.ts'
import { EchoTimes, type LatencyPattern } from '../latency/echo-times.ts'
import { serveParent } from './child-process.ts'

/** How long to wait for the last echoes: retransmission may back off to seconds. */
const RELIABLE_DRAIN_MS = 15_000
const UNRELIABLE_DRAIN_MS = 500
const DRAIN_POLL_MS = 20

export interface LatencyTarget {
  readonly transport: EchoTransportName
  readonly endpoint: EchoEndpoint
  readonly pattern: LatencyPattern
}

export interface LatencyMeasurement {
  /** One for each echo that came back in time, in milliseconds from the time its sending was due. */
  readonly roundTripsMs: readonly number[]
  readonly sent: number
  /** How late the process itself was with its sendings, which is part of the round trips. */
  readonly sendLateMs: readonly number[]
}

/** The process that sends at a steady rate over many connections and times the echoes. */
export type LatencyGeneratorApi = {
  connect(target: LatencyTarget): Promise<void>
  measure(argument: null): Promise<LatencyMeasurement>
}

function createLatencyGenerator(): LatencyGeneratorApi {
  const clients: EchoClient[] = []
  let times: EchoTimes | undefined
  let drainMs = 0
  return {
    async connect({ transport: name, endpoint, pattern }) {
      const transport = await loadEchoTransport(name)
      const echoTimes = new EchoTimes(pattern)
      for (let connection = 0; connection < pattern.connections; connection += 1) {
        clients.push(await transport.connect(endpoint, (echo) => echoTimes.onEcho(echo, performance.now())))
      }
      times = echoTimes
      drainMs = transport.isReliable ? RELIABLE_DRAIN_MS : UNRELIABLE_DRAIN_MS
    },
    async measure() {
      if (times === undefined) throw new Error('measure before connect')
      await sendAll(times, clients)
      await drain(times, drainMs)
      return times.measurement()
    },
  }
}

/** Sends every message as soon after it is due as timers of a millisecond allow. */
function sendAll(times: EchoTimes, clients: readonly EchoClient[]): Promise<void> {
  times.start(performance.now())
  return new Promise((resolve) => {
    const sendDue = (): void => {
      for (let nowMs = performance.now(); times.nextDueMs() <= nowMs; nowMs = performance.now()) {
        const { connection, message } = times.next(nowMs)
        clients[connection]?.send(message)
      }
      if (times.nextDueMs() === Number.POSITIVE_INFINITY) resolve()
      else setTimeout(sendDue, times.nextDueMs() - performance.now())
    }
    sendDue()
  })
}

async function drain(times: EchoTimes, drainMs: number): Promise<void> {
  const deadlineMs = performance.now() + drainMs
  while (times.missing > 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS))
  }
}

serveParent(createLatencyGenerator())
