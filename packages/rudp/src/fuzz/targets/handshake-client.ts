import { createDefaultProvider } from '../../crypto/default-provider.ts'
import { ClientEndpoint } from '../../endpoint/client-endpoint.ts'
import { DatagramBatch } from '../../endpoint/datagram-batch.ts'
import type { HandshakeOutcome } from '../../handshake/client-handshake.ts'
import type { SeededRandom } from '../../testing/random.ts'
import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'
import { HandshakeRecorder, RECORDED_SERVER } from './handshake-recorder.ts'

/** Answers that pass this often end one client; then the next begins. */
const INPUTS_PER_CLIENT = 50
const NONCE_OFFSET = 7

/** Everything a liar can answer a client that is connecting: packets of the right kind, damaged, with its nonce. */
export const handshakeClient: FuzzTarget = {
  name: 'handshake-client',
  start(random) {
    const crypto = createDefaultProvider()
    const recorder = new HandshakeRecorder(random)
    const answers = recorder.answers(crypto)
    const datagram = new Uint8Array(1_472)
    let client = new ConnectingClient(recorder, random)
    let inputs = 0
    return () => {
      inputs += 1
      if (inputs % INPUTS_PER_CLIENT === 0) client = new ConnectingClient(recorder, random)
      const answer = answers[random.integer(answers.length)]
      let length = answer?.length ?? 0
      if (answer === undefined || random.chance(0.1)) length = randomBytes(random, datagram, 300)
      else datagram.set(answer)
      if (random.chance(0.5)) length = mutate(random, datagram, length)
      if (random.chance(0.9)) datagram.set(client.nonce, NONCE_OFFSET)
      client.endpoint.handleDatagram(datagram, 0, length, RECORDED_SERVER, client.nowMs)
      client.turn(random.next() * 100)
      // Nobody here has the server's key, so nobody can make a client believe it is connected.
      if (client.outcome?.kind === 'accepted') throw new Error('a forged ACCEPT was believed')
    }
  },
}

/** A client on its way in, with a clock of its own. */
class ConnectingClient {
  nowMs = 0
  outcome: HandshakeOutcome | undefined
  readonly endpoint: ClientEndpoint
  readonly #batch = new DatagramBatch(4)
  #lastPacket = new Uint8Array(0)

  constructor(recorder: HandshakeRecorder, random: SeededRandom) {
    this.endpoint = new ClientEndpoint({
      ...recorder.clientOptions,
      crypto: createDefaultProvider(),
      random,
      clock: () => this.nowMs,
      onHandshakeEnded: (outcome) => {
        this.outcome = outcome
      },
    })
    this.turn(0)
  }

  /** The nonce of the packet sent last, which every answer must repeat. */
  get nonce(): Uint8Array {
    return this.#lastPacket.subarray(NONCE_OFFSET, NONCE_OFFSET + 8)
  }

  turn(byMs: number): void {
    this.nowMs += byMs
    if (this.endpoint.nextDeadlineMs() <= this.nowMs) this.endpoint.handleTimeout(this.nowMs)
    this.endpoint.pollDatagrams(this.#batch, this.nowMs)
    const last = this.#batch.count - 1
    if (last >= 0) {
      const offset = this.#batch.offsetOf(last)
      this.#lastPacket = this.#batch.buffer.slice(offset, offset + this.#batch.lengthOf(last))
    }
    this.#batch.clear()
  }
}
