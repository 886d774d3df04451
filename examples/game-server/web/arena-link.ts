import { KaosClient, KaosError, type Room, type RoomClosedEvent } from '@kaosnet/client'
import type { PlayerChoice } from './hud/start-screen.ts'
import { ArenaOp, type EventBatch, parseEvents, parseWelcome, type Welcome } from './messages.ts'
import { decodeSnapshot, type Snapshot } from './snapshot.ts'

/** An arena can fill up or end between being found and being joined. */
const JOIN_ATTEMPTS = 4
/** After an arena ended under the player; longer each time, should the next one end at once too. */
const REJOIN_AFTER_MS = 500
const MAX_REJOINS = 6
/** An arena that lasted this long was a good one. */
const GOOD_STAY_MS = 30_000

export type LinkStatus =
  | { readonly kind: 'joining' }
  | { readonly kind: 'playing' }
  /** The connection was lost; it is being restored. */
  | { readonly kind: 'reconnecting'; readonly attempt: number }
  /** Nothing more will happen by itself. */
  | { readonly kind: 'ended'; readonly message: string }

export interface LinkListener {
  onStatus(status: LinkStatus): void
  onWelcome(welcome: Welcome): void
  onSnapshot(snapshot: Snapshot): void
  onEvents(batch: EventBatch): void
}

/** Keeps the player in an arena: connects, finds one, joins, and does so again whenever the connection comes back. */
export class ArenaLink {
  readonly #client: KaosClient
  readonly #choice: PlayerChoice
  readonly #listener: LinkListener
  #room: Room<unknown, unknown> | undefined
  #joinedMs: number | undefined
  #rejoins = 0
  #isEntering = false
  #isOver = false

  constructor(url: string, choice: PlayerChoice, listener: LinkListener) {
    this.#choice = choice
    this.#listener = listener
    this.#client = new KaosClient(url, choice.name === '' ? {} : { username: choice.name })
    // Never rejects: it reports its failures itself. The same holds wherever it is called.
    this.#client.on('connected', () => this.#enter())
    this.#client.on('reconnecting', ({ attempt }) => listener.onStatus({ kind: 'reconnecting', attempt }))
    // The session lives on: the room is the same, and nothing has to be said anew.
    this.#client.on('resuming', ({ attempt }) => listener.onStatus({ kind: 'reconnecting', attempt }))
    this.#client.on('resumed', () => {
      if (this.#room !== undefined) listener.onStatus({ kind: 'playing' })
    })
    this.#client.on('ended', ({ error }) => {
      if (error !== undefined) this.#end(error.message)
    })
    this.#client.on('error', ({ error }) => {
      // Inputs that were on their way when the arena ended are refused, and nobody misses them.
      if (error.error !== 'ROOM_NOT_JOINED') console.error(error)
    })
  }

  /** Undefined until it was measured. */
  get latencyMs(): number | undefined {
    return this.#client.latencyMs > 0 ? this.#client.latencyMs : undefined
  }

  get roomId(): string | undefined {
    return this.#room?.id
  }

  async start(): Promise<void> {
    this.#listener.onStatus({ kind: 'joining' })
    try {
      await this.#client.connect()
    } catch (error) {
      this.#end(messageOf(error))
    }
  }

  /** Leaves for good; resolves when the connection is closed. */
  leave(): Promise<void> {
    this.#end('')
    return this.#client.close()
  }

  /** Input that cannot be sent now is not worth sending later. */
  sendInputs(bytes: Uint8Array): void {
    if (this.#room !== undefined) this.#room.send(ArenaOp.Input, bytes, { reliable: false })
  }

  async #enter(): Promise<void> {
    if (this.#isEntering || this.#room !== undefined || this.#isOver) return
    this.#isEntering = true
    try {
      const room = await this.#join()
      this.#room = room
      this.#joinedMs = performance.now()
      room.on('data', ({ op, data }) => this.#receive(op, data))
      room.on('closed', (event) => this.#leave(event))
      this.#listener.onStatus({ kind: 'playing' })
    } catch (error) {
      this.#failToEnter(error)
    } finally {
      this.#isEntering = false
    }
  }

  #failToEnter(error: unknown): void {
    // When the connection was lost as well, its return brings us back here.
    if (this.#client.state !== 'connected') return
    const isPassing = error instanceof KaosError && error.action === 'retry'
    if (isPassing && this.#joinedMs !== undefined) this.#rejoinLater(error.message)
    else this.#end(messageOf(error))
  }

  async #join(): Promise<Room<unknown, unknown>> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#client.rpc<{ readonly room_id: string }>('arena_find')
      try {
        return await this.#client.joinRoom(found.room_id, { metadata: { hue: this.#choice.hue } })
      } catch (error) {
        const isGone =
          error instanceof KaosError && ['ROOM_FULL', 'ROOM_CLOSED', 'ROOM_NOT_FOUND'].includes(error.error)
        if (!isGone || attempt === JOIN_ATTEMPTS) throw error
      }
    }
  }

  #receive(op: number, data: unknown): void {
    switch (op) {
      case ArenaOp.Welcome:
        this.#listener.onWelcome(parseWelcome(data))
        break
      case ArenaOp.Snapshot:
        if (data instanceof Uint8Array) this.#listener.onSnapshot(decodeSnapshot(data))
        break
      case ArenaOp.Events:
        this.#listener.onEvents(parseEvents(data))
        break
    }
  }

  #leave({ reason, message }: RoomClosedEvent): void {
    this.#room = undefined
    switch (reason) {
      case 'dropped':
      case 'left':
      case 'shutdown':
        // The client reconnects by itself, or the player wanted it so.
        break
      case 'kicked':
      case 'replaced':
        this.#end(message ?? 'You were removed from the arena.')
        break
      case 'room_closed':
        this.#rejoinLater(message)
        break
    }
  }

  #rejoinLater(message: string | undefined): void {
    if (performance.now() - (this.#joinedMs ?? 0) > GOOD_STAY_MS) this.#rejoins = 0
    this.#rejoins += 1
    if (this.#rejoins > MAX_REJOINS) {
      this.#end(message ?? 'The arena ended.')
      return
    }
    this.#listener.onStatus({ kind: 'reconnecting', attempt: this.#rejoins })
    setTimeout(
      () => {
        if (this.#client.state === 'connected') void this.#enter()
      },
      REJOIN_AFTER_MS * 2 ** (this.#rejoins - 1),
    )
  }

  #end(message: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#room = undefined
    this.#listener.onStatus({ kind: 'ended', message })
    void this.#client.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
