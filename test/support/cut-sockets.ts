import { KaosClient, type NodeClientOptions, webSocketDialer } from '@kaosnet/client'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TestServer } from './test-server.ts'

/** A WebSocket client whose cable a test can pull. */
export interface CuttableClient {
  readonly client: KaosClient
  /** Names of the events of its connection, oldest first. */
  readonly story: string[]
  /** Ends the present socket without a word. */
  cut(): void
  /** Whether new sockets get through. */
  setReachable(isReachable: boolean): void
  /** Waits for the next event of a name. */
  until(name: 'dropped' | 'resumed' | 'connected' | 'disconnected' | 'ended'): Promise<void>
}

export async function connectCuttable(
  { url }: Pick<TestServer, 'url'>,
  username = 'Ada',
  options: NodeClientOptions = {},
): Promise<CuttableClient> {
  let socket: WebSocket | undefined
  let isReachable = true
  const dial = webSocketDialer((address) => {
    socket = new WebSocket(isReachable ? address : 'ws://127.0.0.1:9/')
    return socket
  })
  const reconnect = { baseDelayMs: 5, maxDelayMs: 20 }
  const client = new KaosClient(url, { username, dial, reconnect, ...options })
  onTestFinished(() => client.close())
  const story: string[] = []
  const names = ['connected', 'dropped', 'resumed', 'disconnected', 'ended'] as const
  for (const name of names) client.on(name, () => story.push(name))
  await client.connect()
  return {
    client,
    story,
    cut: () => socket?.terminate(),
    setReachable: (reachable) => {
      isReachable = reachable
    },
    until: (name) => new Promise((resolve) => client.once(name, () => resolve())),
  }
}
