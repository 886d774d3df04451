import { describe, expect, it } from 'vitest'
import { uniformLoss } from '../testing/index.ts'
import { CloseCode } from './close-code.ts'
import { FrameType } from './frame-types.ts'
import { BulkSender } from './testing/bulk-sender.ts'
import { ForgingPeer } from './testing/forging-peer.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'
import { SimulatedPair } from './testing/simulated-pair.ts'

const RTT_MS = 50
const LINK = { delayMs: RTT_MS / 2 }

describe('opening', () => {
  it('is complete for the server with the client’s first packet, which comes by itself', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    expect(pair.client.connection.state).toBe('open')
    expect(pair.server.connection.state).toBe('handshaking')
    pair.advance(RTT_MS)
    expect(pair.server.states).toEqual(['open'])
  })

  it('is repeated until the client’s first packet arrives', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: { ...LINK, isBlackout: true } })
    pair.advance(1000)
    pair.upLink.update({ isBlackout: false })
    pair.downLink.update({ isBlackout: false })
    pair.advance(2000)
    expect(pair.server.states).toEqual(['open'])
  })

  it('sends nothing to a client that has not proved its keys, and then what was queued', () => {
    const received: number[] = []
    const pair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      client: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
    })
    expect(pair.server.send(0, 'reliable-ordered', numberedMessage(7, 20))).toBe('queued')
    pair.server.flush()
    expect(pair.server.datagramsSent).toBe(0)
    pair.advance(2 * RTT_MS)
    expect(received).toEqual([7])
  })
})

describe('sending', () => {
  it('sends nothing before flush, and then all in one datagram', () => {
    const received: number[] = []
    const pair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      server: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
    })
    pair.advance(1000)
    const before = pair.client.datagramsSent
    for (let number = 0; number < 10; number++) {
      pair.client.send(
        number % 3,
        number % 2 === 0 ? 'unreliable' : 'reliable-unordered',
        numberedMessage(number, 50),
      )
    }
    pair.advance(500)
    expect(pair.client.datagramsSent).toBe(before)
    pair.client.flush()
    expect(pair.client.datagramsSent).toBe(before + 1)
    pair.advance(RTT_MS)
    expect(received.length).toBe(10)
  })

  it('delivers empty messages and messages of the largest size in every mode', () => {
    const received: string[] = []
    const pair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      client: { onMessage: (channel, mode, data) => received.push(`${channel} ${mode} ${data.length}`) },
    })
    pair.advance(100)
    const expected: string[] = []
    for (const mode of [
      'reliable-ordered',
      'reliable-unordered',
      'unreliable-sequenced',
      'unreliable',
    ] as const) {
      const largest = mode.startsWith('reliable') ? 256 * 1024 : 8 * 1100
      for (const size of [0, 1, 1100, 1101, largest]) {
        expect(pair.server.send(31, mode, new Uint8Array(size))).toBe('queued')
        pair.server.flush()
        pair.advance(1500)
        expected.push(`31 ${mode} ${size}`)
      }
      expect(pair.server.send(31, mode, new Uint8Array(largest + 1))).toBe('too-large')
    }
    expect(received).toEqual(expected)
  })

  it('refuses messages when the queue is full, and says when there is room again', () => {
    const writable: number[] = []
    const pair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      server: { onWritable: (channel) => writable.push(channel) },
    })
    pair.advance(100)
    let queued = 0
    while (pair.server.send(5, 'reliable-ordered', new Uint8Array(10_000)) === 'queued') queued++
    expect(queued).toBe(Math.floor((512 * 1024) / 10_000))
    pair.server.flush()
    pair.advance(5000)
    expect(writable).toEqual([5])
    expect(pair.server.stats()).toMatchObject({ sendQueueBytes: 0, sendQueueMessages: 0 })
  })

  it('carries a resume ticket until it has arrived, and a tick along with data', () => {
    const tickets: number[][] = []
    const ticks: [number, number][] = []
    const pair = new SimulatedPair({
      seed: 4,
      conditions: { ...LINK, loss: uniformLoss(0.5) },
      client: {
        onResumeTicket: (ticket) => tickets.push([...ticket]),
        onTick: (tick, micros) => ticks.push([tick, micros]),
      },
    })
    pair.advance(2000)
    pair.server.connection.sendResumeTicket(new Uint8Array([9, 8, 7]))
    pair.server.pump()
    pair.every(50, 100, (index) => {
      pair.server.connection.sendTick(index, 40_000)
      pair.server.send(0, 'unreliable', new Uint8Array(10))
      pair.server.flush()
    })
    pair.advance(10_000)
    expect(tickets.length).toBeGreaterThanOrEqual(1)
    expect(tickets[0]).toEqual([9, 8, 7])
    expect(ticks.length).toBeGreaterThan(25)
    expect(ticks.every(([, micros]) => micros === 40_000)).toBe(true)
    expect(() => pair.server.connection.sendResumeTicket(new Uint8Array(256))).toThrow(RangeError)
  })
})

describe('closing', () => {
  it('tells the peer code and reason, and is over within a round trip', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(100)
    pair.server.close(CloseCode.Kicked, 'no cheating')
    pair.server.close(CloseCode.Banned, 'too late')
    expect(pair.server.send(0, 'reliable-ordered', new Uint8Array(1))).toBe('closed')
    pair.advance(RTT_MS + 1)
    expect(pair.client.closeInfo).toEqual({ code: 2, reason: 'no cheating', byPeer: true })
    expect(pair.server.closeInfo).toEqual({ code: 2, reason: 'no cheating', byPeer: false })
    expect(pair.server.states).toEqual(['open', 'closing', 'closed'])
    expect(pair.client.connection.state).toBe('draining')
    pair.advance(1000)
    expect(pair.client.states).toEqual(['draining', 'closed'])
    expect(pair.client.connection.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
    expect(pair.server.connection.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('repeats CLOSE up to three times and ends within 3 PTO without an answer', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.every(50, 40, () => {
      pair.server.send(0, 'reliable-ordered', new Uint8Array(10))
      pair.server.flush()
    })
    pair.advance(2500)
    pair.downLink.update({ isBlackout: true })
    const before = pair.server.datagramsSent
    const startMs = pair.nowMs
    pair.server.close(CloseCode.GoingAway, 'restart')
    pair.network.clock.runUntil(() => pair.server.connection.state === 'closed', startMs + 10_000)
    expect(pair.server.datagramsSent).toBe(before + 3)
    expect(pair.nowMs - startMs).toBeLessThanOrEqual(3 * (RTT_MS + 25 + 10))
  })

  it('works from both sides at once', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(100)
    pair.server.close(1, 'server')
    pair.client.close(300, 'client')
    pair.advance(1000)
    expect(pair.server.closeInfo).toEqual({ code: 1, reason: 'server', byPeer: false })
    expect(pair.client.closeInfo).toEqual({ code: 300, reason: 'client', byPeer: false })
    expect(pair.server.connection.state).toBe('closed')
    expect(pair.client.connection.state).toBe('closed')
  })

  it('cuts a long reason between characters', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(100)
    pair.server.close(0, `x${'é'.repeat(100)}`)
    pair.advance(100)
    expect(pair.client.closeInfo?.reason).toBe(`x${'é'.repeat(63)}`)
  })

  it('may be done by the handler of a message, after which nothing more is delivered', () => {
    const received: number[] = []
    const pair: SimulatedPair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      server: {
        onMessage: (_channel, _mode, data, nowMs) => {
          received.push(numberOf(data))
          if (received.length === 2) pair.server.connection.close(2, 'enough', nowMs)
        },
      },
    })
    pair.advance(100)
    for (let number = 0; number < 5; number++)
      pair.client.send(0, 'reliable-ordered', numberedMessage(number, 20))
    pair.client.flush()
    pair.advance(1000)
    expect(received).toEqual([0, 1])
    expect(pair.client.closeInfo).toMatchObject({ code: 2, byPeer: true })
  })

  it('without a word is what terminate does', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(100)
    const before = pair.client.datagramsSent
    pair.client.connection.terminate(CloseCode.Timeout, 'reset by the server', pair.nowMs)
    pair.client.pump()
    pair.advance(1000)
    expect(pair.client.datagramsSent).toBe(before)
    expect(pair.client.closeInfo).toEqual({ code: 5, reason: 'reset by the server', byPeer: false })
  })

  it('makes a half-open connection vanish', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: { ...LINK, isBlackout: true } })
    pair.server.close(7, 'full')
    expect(pair.server.connection.state).toBe('closed')
    expect(pair.server.datagramsSent).toBe(0)
  })
})

describe('silence', () => {
  it('ends a connection after 15 s, with a warning a second after something called for an answer', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(13_000)
    expect(pair.server.unstableCount + pair.client.unstableCount).toBe(0)
    pair.upLink.update({ isBlackout: true })
    pair.downLink.update({ isBlackout: true })
    // The client PINGs at 18 s, the server at 19.5 s.
    pair.advance(5900)
    expect([pair.server.unstableCount, pair.client.unstableCount]).toEqual([0, 0])
    pair.advance(200)
    expect([pair.server.unstableCount, pair.client.unstableCount]).toEqual([0, 1])
    pair.advance(1500)
    expect([pair.server.unstableCount, pair.client.unstableCount]).toEqual([1, 1])
    pair.advance(6000)
    expect(pair.server.connection.state).toBe('open')
    pair.advance(1500)
    expect(pair.server.closeInfo).toEqual({ code: 5, reason: 'nothing received', byPeer: false })
    expect(pair.client.closeInfo).toMatchObject({ code: 5 })
  })

  it('of a client that plays on is noticed after 3 s', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(13_000)
    pair.every(50, 40, () => {
      pair.client.send(0, 'unreliable', new Uint8Array(20))
      pair.client.flush()
    })
    pair.advance(2000)
    pair.upLink.update({ isBlackout: true })
    pair.downLink.update({ isBlackout: true })
    // 16 packets of its own, 0.8 s, may have gone by since the last ACK came.
    pair.advance(2100)
    expect(pair.client.unstableCount).toBe(0)
    pair.advance(1100)
    expect(pair.client.unstableCount).toBe(1)
  })

  it('of both applications is filled with a PING each 6 s and its ACK', () => {
    const pair = new SimulatedPair({ seed: 1, conditions: LINK })
    pair.advance(60_000)
    expect(pair.client.states).toEqual([])
    expect(pair.client.datagramsSent).toBeGreaterThanOrEqual(10)
    expect(pair.client.datagramsSent).toBeLessThanOrEqual(13)
    expect(pair.server.datagramsSent).toBeLessThanOrEqual(13)
  })

  it('of an event loop for 300 ms ends nothing and costs at most one needless probe', () => {
    for (const delayMs of [1, 25, 100]) {
      const pair = new SimulatedPair({ seed: 1, conditions: { delayMs } })
      for (const peer of [pair.client, pair.server]) {
        pair.every(50, 400, () => {
          if (pair.nowMs >= 10_000 && pair.nowMs < 10_300 && peer === pair.server) return
          peer.send(0, 'reliable-ordered', new Uint8Array(100))
          peer.flush()
        })
      }
      pair.advance(10_000)
      const before = pair.server.stats().probeTimeouts
      pair.server.stallUntil(pair.nowMs + 300)
      pair.advance(10_000)
      expect(pair.server.stats().probeTimeouts - before).toBeLessThanOrEqual(1)
      expect(pair.server.states).toEqual(['open'])
      expect(pair.client.states).toEqual([])
      expect(pair.client.unstableCount + pair.server.unstableCount).toBe(0)
    }
  })
})

describe('a peer that breaks the protocol', () => {
  it.each([
    ['malformed frames', [0x0f]],
    ['an ACK of a packet never sent', [FrameType.Ack, 0xff, 0x0f, 0, 0]],
    ['a message far out of its window', [0x22, 0, 0x00, 0x40, 1, 0]],
  ])('is closed with code 4 for %s', (_what, frames) => {
    const peer = new ForgingPeer()
    peer.deliver(frames)
    expect(peer.closeInfo).toMatchObject({ code: CloseCode.ProtocolViolation, byPeer: false })
    expect(peer.poll()).toBeGreaterThan(0)
  })

  it('is closed for more than 64 frames in a packet, and not for 64', () => {
    const peer = new ForgingPeer()
    peer.deliver(new Array<number>(64).fill(FrameType.Ping))
    expect(peer.closeInfo).toBeUndefined()
    peer.deliver(new Array<number>(65).fill(FrameType.Ping))
    expect(peer.closeInfo).toMatchObject({ code: CloseCode.ProtocolViolation })
  })

  it('is closed for an ACK of a number that was left out to catch it', () => {
    const peer = new ForgingPeer()
    peer.deliver([FrameType.Ping])
    let isCaught = false
    for (let packet = 0; packet < 3000 && !isCaught; packet++) {
      peer.sendMessage()
      while (peer.poll() > 0) {
        // The optimistic peer acknowledges all 33 newest numbers, arrived or not.
      }
      const largest = peer.packetsSent - 1
      if (largest > 40) peer.deliver([FrameType.Ack, largest & 0xff, largest >> 8, 0, 0])
      isCaught = peer.closeInfo !== undefined
    }
    expect(peer.closeInfo).toMatchObject({ code: CloseCode.ProtocolViolation })
  })

  it('is closed after a thousand forged packets in a minute', () => {
    const peer = new ForgingPeer()
    peer.deliver([FrameType.Ping])
    for (let packet = 0; packet < 1000; packet++) peer.deliverForged()
    expect(peer.closeInfo).toBeUndefined()
    peer.deliverForged()
    expect(peer.closeInfo).toMatchObject({ code: CloseCode.ProtocolViolation })
    expect(peer.drops.authentication).toBe(1001)
  })
})

describe('packets above the rate', () => {
  it('are dropped unopened and counted', () => {
    const peer = new ForgingPeer({
      receivePacketsPerSecond: 300,
      receivePacketBurst: 150,
      receiveBytesPerSecond: 0,
    })
    for (let packet = 0; packet < 200; packet++) peer.deliver([FrameType.Ping])
    expect(peer.drops['packet-rate']).toBe(50)
    expect(peer.packetsReceived).toBe(150)
  })

  it('likewise for bytes', () => {
    const peer = new ForgingPeer({ receivePacketsPerSecond: 0, receiveBytesPerSecond: 20_000 })
    const padded = new Array<number>(1000).fill(FrameType.Padding)
    for (let packet = 0; packet < 20; packet++) peer.deliver([FrameType.Ping, ...padded])
    expect(peer.drops['byte-rate']).toBe(11)
  })

  it('are also those too large or too small', () => {
    const peer = new ForgingPeer()
    peer.deliver(new Array<number>(1475).fill(FrameType.Padding))
    peer.deliver([])
    expect(peer.drops.malformed).toBe(2)
  })
})

describe('a slow consumer', () => {
  it('is closed when it takes nothing off a full queue for 5 s', () => {
    const pair: SimulatedPair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      server: { liveness: { idleTimeoutMs: 60_000 } },
    })
    pair.advance(100)
    const bulk = new BulkSender(() => pair.server, 0, 'reliable-ordered', 10_000)
    bulk.fill()
    pair.downLink.update({ isBlackout: true })
    pair.server.flush()
    pair.advance(4900)
    expect(pair.server.connection.state).toBe('open')
    pair.advance(200)
    expect(pair.server.closeInfo).toMatchObject({ code: CloseCode.SlowConsumer })
  })
})

describe('key updates', () => {
  it('happen in both directions under loss and reordering, and lose nothing', () => {
    const toServer: number[] = []
    const toClient: number[] = []
    const keyUpdate = { afterPackets: 60 }
    const pair = new SimulatedPair({
      seed: 9,
      checksPayload: true,
      conditions: {
        ...LINK,
        loss: uniformLoss(0.1),
        reorderRate: 0.1,
        reorderDelayMs: 40,
        duplicateRate: 0.05,
      },
      client: { keyUpdate, onMessage: (_channel, _mode, data) => toClient.push(numberOf(data)) },
      server: { keyUpdate, onMessage: (_channel, _mode, data) => toServer.push(numberOf(data)) },
    })
    const messages = 3000
    pair.every(20, messages, (number) => {
      for (const peer of [pair.client, pair.server]) {
        peer.send(0, 'reliable-ordered', numberedMessage(number, 80))
        peer.flush()
      }
    })
    pair.advance(messages * 20 + 5000)
    const all = Array.from({ length: messages }, (_, number) => number)
    expect(toServer).toEqual(all)
    expect(toClient).toEqual(all)
    expect(pair.server.stats().keyUpdates).toBeGreaterThan(15)
    expect(Math.abs(pair.server.stats().keyUpdates - pair.client.stats().keyUpdates)).toBeLessThanOrEqual(1)
    expect(pair.server.stats().drops.authentication).toBe(0)
  })
})

describe('what can be seen', () => {
  it('are figures that add up', () => {
    const pair = new SimulatedPair({ seed: 3, conditions: { ...LINK, loss: uniformLoss(0.1) } })
    pair.every(20, 1000, () => {
      pair.client.send(0, 'reliable-ordered', new Uint8Array(100))
      pair.client.flush()
    })
    pair.advance(20_500)
    const client = pair.client.stats()
    const server = pair.server.stats()
    expect(client.packetsSent).toBe(pair.client.datagramsSent)
    expect(client.bytesSent).toBe(pair.client.bytesSent)
    expect(server.packetsReceived).toBe(pair.upLink.counters.delivered)
    expect(client.smoothedRttMs).toBeGreaterThan(RTT_MS - 1)
    expect(client.smoothedRttMs).toBeLessThan(RTT_MS + 5)
    expect(client.lossSent).toBeGreaterThan(0.05)
    expect(client.lossSent).toBeLessThan(0.16)
    expect(Math.abs(server.lossReceived - client.lossSent)).toBeLessThan(0.05)
    expect(client.messagesSent).toBe(1000)
    expect(server.messagesReceived).toBe(1000)
    expect(client.framesSent).toBe(1000)
    expect(client.appLimitedShare).toBeGreaterThan(0.5)
    expect(server.reorderDepth).toBeGreaterThan(0)
  })

  it('are the newest events, in order of time', () => {
    const pair = new SimulatedPair({ seed: 3, conditions: LINK, client: { eventCapacity: 64 } })
    pair.every(20, 200, () => {
      pair.client.send(0, 'reliable-ordered', new Uint8Array(100))
      pair.client.flush()
    })
    pair.advance(5000)
    const events = pair.client.connection.events.dump()
    expect(events.length).toBe(64)
    expect(new Set(events.map(({ name }) => name))).toContain('PacketSent')
    expect(events.every(({ timeMs }, index) => index === 0 || timeMs >= events[index - 1]!.timeMs)).toBe(true)
  })
})

describe('options', () => {
  it.each([[{ maxMessageBytes: 2 ** 20 }], [{ channelWindowBytes: 1000 }], [{ maxSentPackets: 100 }]])(
    'refuse limits that do not fit each other: %o',
    (limits) => {
      expect(() => new SimulatedPair({ seed: 1, server: { limits } })).toThrow(RangeError)
    },
  )

  it('refuse a connection id of another length', () => {
    expect(() => new ForgingPeer({}, new Uint8Array(7))).toThrow(RangeError)
  })

  it('allow messages of a megabyte with windows to match', () => {
    const received: number[] = []
    const limits = {
      maxMessageBytes: 2 ** 20,
      channelWindowBytes: 2 ** 21,
      connectionWindowBytes: 2 ** 21,
      sendQueueBytes: 2 ** 21,
    }
    const pair = new SimulatedPair({
      seed: 1,
      conditions: LINK,
      client: { limits, onMessage: (_channel, _mode, data) => received.push(data.length) },
      server: { limits },
    })
    pair.advance(200)
    pair.server.send(0, 'reliable-ordered', new Uint8Array(2 ** 20))
    pair.server.flush()
    pair.advance(5000)
    expect(received).toEqual([2 ** 20])
  })
})

it('a client follows its server nowhere', () => {
  const pair = new SimulatedPair({ seed: 1, conditions: LINK })
  pair.advance(100)
  pair.server.socket.rebind('10.0.0.99:1')
  pair.server.send(0, 'reliable-ordered', new Uint8Array(1))
  pair.server.flush()
  pair.advance(1000)
  expect(pair.client.stats().pathChanges).toBe(0)
  const out = new Uint8Array(1500)
  pair.client.connection.notifyAddressChanged(pair.nowMs)
  expect(pair.client.connection.pollDatagram(out, 0, pair.nowMs)).toBeGreaterThan(0)
  expect(pair.client.connection.lastPath).toBe(0)
})
