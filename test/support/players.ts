import { KaosClient, type NodeClientOptions, type Room } from '@kaosnet/client'
import { type ErrorName, KaosError } from '@kaosnet/protocol'
import { expect, onTestFinished } from 'vitest'
import type { TestServer } from './test-server.ts'

/** A connected SDK client that is closed when the test is over. */
export async function connectPlayer(
  { url }: Pick<TestServer, 'url'>,
  username = 'Ada',
  options: NodeClientOptions = {},
): Promise<KaosClient> {
  const client = new KaosClient(url, { username, reconnect: false, ...options })
  onTestFinished(() => client.close())
  await client.connect()
  return client
}

/** Collects what a room tells, and lets a test wait for the next of a kind. */
export class RoomLog {
  readonly room: Room
  readonly events: { readonly kind: string; readonly event: unknown }[] = []
  #wake: () => void = () => {}

  constructor(room: Room) {
    this.room = room
    for (const kind of ['data', 'state', 'joined', 'departed', 'away', 'back', 'closed'] as const) {
      room.on(kind, (event: unknown) => {
        this.events.push({ kind, event })
        this.#wake()
      })
    }
  }

  async next<T = Record<string, unknown>>(kind: string): Promise<T> {
    const deadline = Date.now() + 10_000
    for (;;) {
      const index = this.events.findIndex((entry) => entry.kind === kind)
      if (index >= 0) return this.events.splice(index, 1)[0]?.event as T
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no ${kind} event; got ${JSON.stringify(this.events)}`)),
          deadline - Date.now(),
        )
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

export async function joinLogged(
  client: KaosClient,
  roomId: string,
  metadata?: Record<string, unknown>,
): Promise<RoomLog> {
  return new RoomLog(await client.joinRoom(roomId, { metadata }))
}

/** Expects a promise to reject with this error of the table. */
export async function expectRefused(
  promise: Promise<unknown>,
  error: ErrorName,
  text?: RegExp,
): Promise<KaosError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(KaosError)
  expect((thrown as KaosError).error).toBe(error)
  if (text !== undefined) expect((thrown as KaosError).message).toMatch(text)
  return thrown as KaosError
}
