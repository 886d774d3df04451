import { KaosClient, webSocketDialer } from '@kaosnet/client'
import type { ServerConfigInput } from '@kaosnet/server'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { startLossyRelay } from './lossy-udp-relay.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface SlowReader {
  readonly client: KaosClient
  /** From now on the server's data goes unread: nothing of it is acknowledged, and the kernel's buffers fill. */
  stopReading(): void
  readAgain(): void
}

/** A server, and a way to connect a client to it that stops reading when the test says so. */
export async function startSlowReaderServer(
  transport: 'udp' | 'websocket',
  scripts: Readonly<Record<string, string>>,
  config: ServerConfigInput = {},
): Promise<TestServer & { connectSlow(username: string): Promise<SlowReader> }> {
  const relay = await startLossyRelay({ lossRate: 0, delayMs: 0, seed: 1 })
  const udp = { publicAddress: '127.0.0.1', publicPort: relay.port }
  const server = await startTestServer(scripts, { ...config, udp })
  relay.setTarget(server.server.udpPort)
  const connectSlow = async (username: string): Promise<SlowReader> => {
    let socket: WebSocket | undefined
    const dial = webSocketDialer((address) => {
      socket = new WebSocket(address)
      return socket
    })
    const isUdp = transport === 'udp'
    const client = new KaosClient(server.url, {
      username,
      reconnect: false,
      ...(isUdp ? { transport } : { dial }),
    })
    onTestFinished(() => client.close())
    await client.connect()
    return {
      client,
      stopReading: () => (isUdp ? relay.setDeaf(true) : socket?.pause()),
      readAgain: () => (isUdp ? relay.setDeaf(false) : socket?.resume()),
    }
  }
  return { ...server, connectSlow }
}
