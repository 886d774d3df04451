import {
  decodeServerPayload,
  FrameReader,
  type OpName,
  opName,
  rudpChannelOf,
  type ServerPayload,
  type ServerPayloadName,
} from '@kaosnet/protocol'
import { connectRudp, type RudpClientConnection } from '@kaosnet/rudp'
import { onTestFinished } from 'vitest'

/** Like RawClient, over kaos-rudp: frames and nothing else. */
export class RawUdpClient {
  readonly #rudp: RudpClientConnection
  readonly #frames: { readonly op: OpName | undefined; readonly payload: Uint8Array }[] = []
  #wake: () => void = () => {}

  private constructor(rudp: RudpClientConnection) {
    this.#rudp = rudp
    rudp.onMessage = (_channel, _mode, data) => {
      const reader = new FrameReader()
      reader.reset(data)
      while (reader.next()) {
        this.#frames.push({ op: opName(reader.op), payload: reader.payload().slice() })
      }
      this.#wake()
    }
    onTestFinished(() => rudp.close())
  }

  /** @param url of the server's HTTP, which gives the connect token */
  static async connect(url: string): Promise<RawUdpClient> {
    const answer = await fetch(`${url}/v1/connect`, { method: 'POST' })
    const { udp } = (await answer.json()) as { udp: { connect_token: string } }
    return new RawUdpClient(await connectRudp({ token: udp.connect_token, timeoutMs: 5_000 }))
  }

  send(frame: Uint8Array): void {
    this.#rudp.send(rudpChannelOf(0), 'reliable-ordered', frame)
  }

  /** The next frame of a kind; those before it are put aside. Waits for as long as the test may run. */
  async control<N extends ServerPayloadName>(name: N): Promise<ServerPayload<N>> {
    for (;;) {
      const index = this.#frames.findIndex(({ op }) => op === name)
      const [found] = index < 0 ? [] : this.#frames.splice(index, 1)
      if (found !== undefined) return decodeServerPayload(name, found.payload)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#rudp.close()
  }
}
