import { describe, expect, it, onTestFinished } from 'vitest'
import { ErrorTable } from '@kaosnet/protocol'
import type { Connection, ConnectionHandler, Transport } from './peer/transport.ts'
import { createServer, type KaosServer } from './server.ts'
import { FakeConnection } from './testing/fake-connection.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { type RecordingLogger, recordingLogger } from './testing/recording-logger.ts'

/** A transport whose stop is begun, and comes to an end when the test says so. */
class StuckTransport implements Transport {
  readonly name = 'memory'
  readonly address = 'memory'
  accept: ((connection: Connection) => ConnectionHandler) | undefined
  readonly stopBegan: Promise<void>
  finishStop: () => void = () => {}
  #beginStop: () => void = () => {}

  constructor() {
    this.stopBegan = new Promise((resolve) => {
      this.#beginStop = resolve
    })
  }

  async start(accept: (connection: Connection) => ConnectionHandler): Promise<void> {
    this.accept = accept
  }

  stop(): Promise<void> {
    this.#beginStop()
    return new Promise((resolve) => {
      this.finishStop = resolve
    })
  }
}

interface World {
  readonly server: KaosServer
  readonly clock: ManualClock
  readonly log: RecordingLogger
  readonly transport: StuckTransport
}

async function running(): Promise<World> {
  const clock = new ManualClock()
  const log = recordingLogger()
  const transport = new StuckTransport()
  const server = createServer(
    { host: '127.0.0.1', port: 0, udp: { enabled: false } },
    { clock, logger: log, transports: [transport] },
  )
  await server.start()
  onTestFinished(async () => {
    const stopping = server.stop({ graceSeconds: 0 })
    transport.finishStop()
    await stopping
  })
  return { server, clock, log, transport }
}

describe('a stop', () => {
  it('sends away who connects while the connections are being closed', async () => {
    const { server, transport } = await running()
    const stopping = server.stop({ retryAfterMs: 2_500 })
    await transport.stopBegan
    const late = new FakeConnection()
    transport.accept?.(late)
    const { code } = ErrorTable.SHUTTING_DOWN
    expect(late.closed?.code).toBe(code)
    expect(late.payloads('SessionEnd')).toMatchObject([{ code, retry_after_ms: 2_500 }])
    transport.finishStop()
    await stopping
    expect(server.leftBehind).toEqual([])
  })

  it('leaves what does not close in time, and says what that is', async () => {
    const { server, transport, clock, log } = await running()
    const stopping = server.stop()
    await transport.stopBegan
    clock.advance(3_000)
    await stopping
    expect(server.leftBehind).toEqual(['connections'])
    expect(log.entries).toContainEqual({
      level: 'error',
      fields: { left: ['connections'] },
      message: 'not everything closed in time',
    })
    expect(log.messages('info').at(-1)).toBe('server stopped')
  })

  it('leaves no timer when everything closes', async () => {
    const { server, transport, clock } = await running()
    const stopping = server.stop()
    await transport.stopBegan
    transport.finishStop()
    await stopping
    expect(clock.pendingTimers).toBe(0)
  })
})
