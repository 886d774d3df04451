import {
  type EchoClient,
  type EchoEndpoint,
  type EchoTransportName,
  loadEchoTransport,
} from '../echo/echo-transport.ts'
import { serveParent } from './child-process.ts'
import { type ProcessSample, sampleProcess } from './process-sample.ts'

/** A connection that has heard nothing for so long has lost all it had in flight. */
const SILENCE_MS = 250
/** So many connections are opened at once: a listen backlog is bounded, and so is a pool of handshakes. */
const CONNECTS_AT_ONCE = 50

export interface ThroughputLoad {
  readonly transport: EchoTransportName
  readonly endpoint: EchoEndpoint
  readonly connections: number
  /** At least 4. */
  readonly messageBytes: number
  /** Messages of one connection that are on their way at any time. */
  readonly inFlight: number
}

export interface GeneratorSample extends ProcessSample {
  /** Messages that never came back, and were replaced. */
  readonly lost: number
}

/** The process that keeps an echo server as busy as it can. */
export type ThroughputGeneratorApi = {
  /** Connects, and sends from then on: each echo is answered by the next message. */
  start(load: ThroughputLoad): Promise<void>
  sample(argument: null): Promise<GeneratorSample>
}

/** One connection with a constant number of numbered messages in flight. */
class Flow {
  received = 0
  lost = 0
  readonly #message: Uint8Array
  readonly #view: DataView
  #client: EchoClient | undefined
  #nextSent = 0
  #nextExpected = 0
  #receivedAtLastCheck = 0

  constructor(messageBytes: number) {
    this.#message = new Uint8Array(messageBytes)
    this.#view = new DataView(this.#message.buffer)
  }

  start(client: EchoClient, inFlight: number): void {
    this.#client = client
    this.#send(inFlight)
  }

  onEcho(echo: Uint8Array): void {
    const number = new DataView(echo.buffer, echo.byteOffset).getUint32(0)
    this.received += 1
    // One that arrives late was taken for lost, and replaced.
    if (number < this.#nextExpected) return
    const missing = number - this.#nextExpected
    this.lost += missing
    this.#nextExpected = number + 1
    this.#send(missing + 1)
  }

  replaceLostWhenSilent(): void {
    if (this.received === this.#receivedAtLastCheck) {
      const missing = this.#nextSent - this.#nextExpected
      this.lost += missing
      this.#nextExpected = this.#nextSent
      this.#send(missing)
    }
    this.#receivedAtLastCheck = this.received
  }

  #send(count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      this.#view.setUint32(0, this.#nextSent)
      this.#nextSent += 1
      this.#client?.send(this.#message)
    }
  }
}

function createThroughputGenerator(): ThroughputGeneratorApi {
  const flows: Flow[] = []
  return {
    async start(load) {
      const transport = await loadEchoTransport(load.transport)
      const open = async (): Promise<() => void> => {
        const flow = new Flow(load.messageBytes)
        flows.push(flow)
        const client = await transport.connect(load.endpoint, (echo) => flow.onEcho(echo))
        return () => flow.start(client, load.inFlight)
      }
      while (flows.length < load.connections) {
        const count = Math.min(CONNECTS_AT_ONCE, load.connections - flows.length)
        for (const start of await Promise.all(Array.from({ length: count }, open))) start()
      }
      if (transport.isReliable) return
      setInterval(() => {
        for (const flow of flows) flow.replaceLostWhenSilent()
      }, SILENCE_MS)
    },
    async sample() {
      let received = 0
      let lost = 0
      for (const flow of flows) {
        received += flow.received
        lost += flow.lost
      }
      return { ...sampleProcess(received), lost }
    },
  }
}

serveParent(createThroughputGenerator())
