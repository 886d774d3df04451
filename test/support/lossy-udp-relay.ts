import { createSocket, type Socket } from 'node:dgram'
import { onTestFinished } from 'vitest'

export interface LossyRelay {
  /** Where clients send to. */
  readonly port: number
  /** Where datagrams go: the server's UDP port. */
  setTarget(port: number): void
  /** Loses everything, both ways, or no longer: a cable that is pulled. */
  setBlocked(isBlocked: boolean): void
  /** Loses everything that comes from the server, or no longer: to the server, a client that does not read. */
  setDeaf(isDeaf: boolean): void
  readonly counts: { readonly forwarded: number; readonly lost: number }
}

/**
 * A UDP relay on loopback that delays every datagram and loses some, both ways, by a seeded generator: a bad network between
 * real sockets.
 */
export async function startLossyRelay(options: {
  lossRate: number
  delayMs: number
  seed: number
}): Promise<LossyRelay> {
  const counts = { forwarded: 0, lost: 0 }
  const upstreams = new Map<number, Socket>()
  let targetPort = 0
  let state = options.seed >>> 0
  const random = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  let isClosed = false
  let isBlocked = false
  let isDeaf = false
  const pass = (send: () => void): void => {
    if (isBlocked || random() < options.lossRate) {
      counts.lost++
      return
    }
    counts.forwarded++
    setTimeout(() => {
      if (!isClosed) send()
    }, options.delayMs)
  }
  const front = createSocket('udp4')
  front.on('message', (data, { port }) => {
    let upstream = upstreams.get(port)
    if (upstream === undefined) {
      upstream = createSocket('udp4')
      upstream.on('message', (reply) => {
        if (isDeaf) counts.lost++
        else pass(() => front.send(reply, port, '127.0.0.1'))
      })
      upstreams.set(port, upstream)
    }
    const socket = upstream
    pass(() => socket.send(data, targetPort, '127.0.0.1'))
  })
  await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    isClosed = true
    front.close()
    for (const upstream of upstreams.values()) upstream.close()
  })
  return {
    port: front.address().port,
    setTarget: (port) => {
      targetPort = port
    },
    setBlocked: (blocked) => {
      isBlocked = blocked
    },
    setDeaf: (deaf) => {
      isDeaf = deaf
    },
    counts,
  }
}
