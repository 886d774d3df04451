import { encodeServerFrame, type Presence as WirePresence, type ServerPayload } from '@kaosnet/protocol'
import { Client } from '../client.ts'
import type { ClientClock } from '../clock.ts'
import type { ClientOptions } from '../options.ts'
import { ScriptedServer, type VirtualTime } from './scripted-server.ts'

export const ROOM_ID = '7d9f2c1e-3b4a-4c5d-8e6f-0123456789ab'
export const HANDLE = 7

/** A member as the server names it: numbers and names that are easy to tell apart. */
export function member(number: number, username = `player-${number}`): WirePresence {
  return {
    member: number,
    session: number.toString(16).padStart(16, '0'),
    user_id: `user-${number}`,
    username,
    metadata: { colour: number },
  }
}

/** The server's answer to a join: we are member 1, beside member 2. */
export function joinReply(id: number, changes: Partial<ServerPayload<'RoomJoin'>> = {}): Uint8Array {
  return encodeServerFrame('RoomJoin', {
    id,
    room_id: ROOM_ID,
    room: HANDLE,
    module: 'arena',
    label: 'duel',
    tick_hz: 30,
    max_players: 50,
    member: 1,
    members: [member(1, 'Ada'), member(2)],
    ...changes,
  })
}

/** Lets everything happen that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function clientClock(time: VirtualTime): ClientClock {
  return {
    nowMs: () => time.now(),
    setTimer: (callback, delayMs) => time.after(delayMs, callback),
  }
}

/** Clients and their scripted server on one virtual clock. */
export class World {
  readonly time: VirtualTime
  readonly server: ScriptedServer
  readonly clock: ClientClock
  /** What clients wrote because nobody listened for errors. */
  readonly logged: unknown[] = []

  constructor(time: VirtualTime) {
    this.time = time
    this.server = new ScriptedServer(time)
    this.clock = clientClock(time)
  }

  client(options: ClientOptions = {}): Client {
    const logger = { error: (_message: string, error: unknown) => void this.logged.push(error) }
    const defaults = { clock: this.clock, random: () => 0.5, logger }
    return new Client('http://localhost:7350', { ...defaults, ...options }, this.server.dial)
  }

  /** A client with a session. */
  async connected(options: ClientOptions = {}): Promise<Client> {
    const client = this.client(options)
    const connecting = client.connect()
    await this.run(1_000)
    await connecting
    return client
  }

  /** Lets time pass event by event, and promises settle after each, as they do between the timers of a platform. */
  async run(durationMs: number): Promise<void> {
    const endMs = this.time.now() + durationMs
    let isMore = true
    while (isMore) {
      await settle()
      let asked = 0
      isMore = this.time.runUntil(() => asked++ > 0, endMs)
    }
  }
}

/** How a promise ended, filled in when it does; it never counts as an unhandled rejection. */
export function outcome<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const result: { value?: T; error?: unknown } = {}
  promise.then(
    (value) => {
      result.value = value
    },
    (error: unknown) => {
      result.error = error
    },
  )
  return result
}
