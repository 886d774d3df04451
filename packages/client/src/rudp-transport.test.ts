import type { CloseInfo, RudpConnection, SendResult } from '@kaosnet/rudp'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '@kaosnet/rudp/testing'
import { clientClock } from './testing/world.ts'
import { RudpClientTransport } from './rudp-transport.ts'
import type { TransportClose } from './transport.ts'

/** The part of a kaos-rudp connection that the transport uses, recording what it is given. */
function fakeRudp() {
  const sent: [channel: number, mode: string, bytes: number[]][] = []
  const closes: number[] = []
  const fake = {
    sent,
    closes,
    result: 'queued' as SendResult,
    state: 'open',
    onMessage: undefined as RudpConnection['onMessage'],
    onClose: undefined as ((close: CloseInfo) => void) | undefined,
    send(channel: number, mode: string, data: Uint8Array): SendResult {
      if (fake.result === 'too-large' && mode.startsWith('reliable')) fake.result = 'queued'
      sent.push([channel, mode, [...data]])
      return fake.result
    },
    sendQueueBytes: 0,
    stats: () => ({ sendQueueBytes: fake.sendQueueBytes }),
    close: (code: number) => closes.push(code),
  }
  return fake
}

function setUp() {
  const rudp = fakeRudp()
  const time = new ManualClock()
  const messages: Uint8Array[] = []
  const closes: TransportClose[] = []
  const transport = new RudpClientTransport(
    rudp as unknown as RudpConnection,
    { onMessage: (message) => messages.push(message), onClose: (close) => closes.push(close) },
    clientClock(time),
  )
  return { rudp, time, messages, closes, transport }
}

describe('the UDP transport', () => {
  it('gives each lane a channel of its own, the session’s being 0', () => {
    const { rudp, transport } = setUp()
    for (const lane of [0, 1, 31, 32])
      expect(transport.send(new Uint8Array([lane]), 'reliable', lane)).toBe(true)
    expect(rudp.sent).toEqual([
      [0, 'reliable-ordered', [0]],
      [1, 'reliable-ordered', [1]],
      [31, 'reliable-ordered', [31]],
      [1, 'reliable-ordered', [32]],
    ])
  })

  it('sends the unreliable messages of one turn together, so that none supersedes another', async () => {
    const { rudp, transport } = setUp()
    transport.send(new Uint8Array([1]), 'unreliable', 2)
    transport.send(new Uint8Array([2]), 'unreliable', 2)
    expect(transport.bufferedBytes).toBe(2)
    await Promise.resolve()
    expect(rudp.sent).toEqual([[2, 'unreliable-sequenced', [1, 2]]])
    expect(transport.bufferedBytes).toBe(0)
  })

  it('sends unreliable data that is too large for that reliably', async () => {
    const { rudp, transport } = setUp()
    rudp.result = 'too-large'
    transport.send(new Uint8Array([9]), 'unreliable', 1)
    await Promise.resolve()
    expect(rudp.sent.map(([, mode]) => mode)).toEqual(['unreliable-sequenced', 'reliable-ordered'])
  })

  it('refuses reliable data while the queue is full, and everything once it is not open', () => {
    const { rudp, transport } = setUp()
    rudp.result = 'blocked'
    expect(transport.send(new Uint8Array([1]), 'reliable', 0)).toBe(false)
    rudp.state = 'closing'
    expect(transport.send(new Uint8Array([1]), 'unreliable', 0)).toBe(false)
  })

  it('hands over copies of what arrives', () => {
    const { rudp, messages } = setUp()
    const buffer = new Uint8Array([1, 2, 3])
    rudp.onMessage?.(0, 'reliable-ordered', buffer.subarray(1))
    buffer.fill(0)
    expect([...(messages[0] as Uint8Array)]).toEqual([2, 3])
  })

  it('closes once, when everything reliable was acknowledged', () => {
    const { rudp, time, transport } = setUp()
    rudp.sendQueueBytes = 10
    transport.close(205)
    transport.close(205)
    time.advance(100)
    expect(rudp.closes).toEqual([])
    rudp.sendQueueBytes = 0
    time.advance(10)
    expect(rudp.closes).toEqual([256 + 205])
  })

  it('does not wait for ever for a server that acknowledges nothing', () => {
    const { rudp, time, transport } = setUp()
    rudp.sendQueueBytes = 10
    transport.close(0)
    time.advance(300)
    expect(rudp.closes).toEqual([0])
  })

  it('reports the error code that the server closed with, and its own codes as none', () => {
    const { rudp, closes } = setUp()
    rudp.onClose?.({ code: 256 + 900, reason: 'bye', byPeer: true })
    rudp.onClose?.({ code: 5, reason: '', byPeer: false })
    expect(closes).toMatchObject([
      { code: 900, reason: 'bye' },
      { code: undefined, reason: 'the connection closed with 5' },
    ])
  })
})
