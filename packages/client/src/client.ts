import { type ClientPayload, KaosError, type OpName } from '@kaosnet/protocol'
import type { ClientEvents, ClientState } from './client-events.ts'
import { ClockSync } from './clock-sync.ts'
import { Emitter, type Listener, type Unsubscribe } from './emitter.ts'
import { LifeCycle } from './life-cycle.ts'
import { type ClientOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import type { MatchRequest, Party, Ticket } from './matchmaking.ts'
import type { RequestOptions } from './requests.ts'
import type { Room } from './room.ts'
import {
  type RoomInfo,
  type RoomPage,
  type RoomQuery,
  type RoomSearch,
  roomInfoFromWire,
} from './room-list.ts'
import type { Session } from './session.ts'
import type { TransportDialer } from './transport.ts'

export interface JoinOptions extends RequestOptions {
  /** What the other members and the room's scripts are told of us; at most 2,048 bytes. */
  readonly metadata?: Record<string, unknown> | undefined
  /** For the room's scripts alone, when they ask for one; at most 256 bytes. */
  readonly password?: string | undefined
  /** Of a seat of that room, from a match or the game's scripts. */
  readonly reservation?: string | undefined
}

/**
 * A client of one server: it connects, keeps its session alive, comes back when the connection is lost, and until then
 * makes requests and joins rooms. Independent of platform; applications use the KaosClient of theirs.
 */
export class Client {
  readonly #options: ResolvedOptions
  readonly #events = new Emitter<ClientEvents>((thrown, name) => this.#reportListener(thrown, name))
  readonly #clockSync = new ClockSync()
  readonly #life: LifeCycle

  constructor(url: string, options: ClientOptions, platformDial: TransportDialer) {
    this.#options = resolveOptions(options, platformDial)
    this.#life = new LifeCycle({
      ...this.#options,
      url: serverUrl(url),
      events: this.#events,
      clockSync: this.#clockSync,
      onError: (error, op) => this.#reportError(error, op),
      onListenerError: (thrown, name) => this.#reportListener(thrown, name),
    })
  }

  get state(): ClientState {
    return this.#life.state
  }

  /** Undefined unless connected. */
  get session(): Session | undefined {
    return this.#life.session
  }

  /** Smoothed round trip to the server in milliseconds; 0 before the first session. */
  get latencyMs(): number {
    return this.#clockSync.latencyMs
  }

  /** How unevenly messages arrive, in milliseconds (RFC 3550 §6.4.1). */
  get jitterMs(): number {
    return this.#clockSync.jitterMs
  }

  /**
   * The server's Unix time in milliseconds, estimated; good to half a round trip at worst. It may step by a few
   * milliseconds as the estimate improves. Before the first session it is the local clock.
   */
  serverTimeMs(): number {
    return this.#clockSync.serverTimeMs(this.#options.clock.nowMs())
  }

  /** @returns what takes the listener away again */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): Unsubscribe {
    return this.#events.on(name, listener)
  }

  /** Like {@link on}, for the next event only. */
  once<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): Unsubscribe {
    return this.#events.once(name, listener)
  }

  off<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): void {
    this.#events.off(name, listener)
  }

  /**
   * Starts a session. While one is being started it waits for that one, and when connected it resolves at once.
   * A first attempt that fails is not repeated; a connection lost later is.
   *
   * @throws {KaosError} the server's refusal, SESSION_START_TIMEOUT when it cannot be reached in time, WRONG_STATE
   *   when the client is closed meanwhile
   */
  connect(): Promise<Session> {
    return this.#life.connect()
  }

  /**
   * Ends the session and closes the connection, or gives up connecting. Resolves when nothing is left: no timer, no
   * socket. Idempotent. Rooms report `closed` with the reason `left`, unanswered requests reject with WRONG_STATE.
   */
  close(): Promise<void> {
    return this.#life.close()
  }

  /**
   * Calls a function that the server's scripts registered.
   *
   * @typeParam Result what the function returns; undefined when it returns nothing
   * @param payload any value of MessagePack: null, boolean, number, string, Uint8Array, array, plain object
   * @throws {KaosError} RPC_NOT_FOUND, RPC_FAILED, REQUEST_TIMEOUT, or any error the server answers with
   * @example
   * const { roomId } = await client.rpc<{ roomId: string }>('arena_find', { mode: 'duel' })
   */
  async rpc<Result = unknown>(
    name: string,
    payload?: unknown,
    options: RequestOptions = {},
  ): Promise<Result> {
    return this.#life
      .requireConnection()
      .request('Rpc', { name, payload }, options, (reply) => reply.payload as Result)
  }

  /**
   * Creates a room; joining it is a second step.
   * @returns the id of the room, a UUID
   * @throws {KaosError} ROOM_MODULE_NOT_FOUND, ROOM_CREATE_DENIED, ROOM_INIT_FAILED, TOO_MANY_ROOMS
   */
  async createRoom(
    module: string,
    params?: Record<string, unknown>,
    options: RequestOptions = {},
  ): Promise<string> {
    return this.#life
      .requireConnection()
      .request('RoomCreate', { module, params }, options, (reply) => reply.room_id)
  }

  /**
   * Joins a room. When it resolves, `room.members` and `room.state` are filled in, and no data has been missed:
   * listeners added in the same turn of the event loop get all of it.
   *
   * @throws {KaosError} ROOM_NOT_FOUND, ROOM_FULL, ROOM_LOCKED, ROOM_CLOSED, ROOM_JOIN_REJECTED, ROOM_ALREADY_JOINED,
   *   RESERVATION_INVALID
   */
  async joinRoom<State = unknown, Data = unknown>(
    roomId: string,
    options: JoinOptions = {},
  ): Promise<Room<State, Data>> {
    return this.#life
      .requireConnection()
      .joinRoom<State, Data>(
        { room_id: roomId, password: options.password, reservation: options.reservation },
        options.metadata,
        options,
      )
  }

  /**
   * Joins the best running room that matches and has a free seat, or creates one, in one step: players who call it at the
   * same time meet in one room while it has seats.
   *
   * @example
   * const room = await client.findRoom({ module: 'duel', query: '+label.mode:ranked', params: { mode: 'ranked' } })
   * @throws {KaosError} INVALID_PAYLOAD for a query that cannot be read; what createRoom and joinRoom throw
   */
  async findRoom<State = unknown, Data = unknown>(
    find: RoomSearch,
    options: Omit<JoinOptions, 'reservation'> = {},
  ): Promise<Room<State, Data>> {
    return this.#life
      .requireConnection()
      .joinRoom<State, Data>({ find, password: options.password }, options.metadata, options)
  }

  /**
   * The running rooms that match best, at most 100: by the score of the query, then newest first.
   * @throws {KaosError} INVALID_PAYLOAD for a query that cannot be read; its message says where
   */
  async listRooms(query: RoomQuery = {}, options: RequestOptions = {}): Promise<RoomInfo[]> {
    return (await this.pageRooms(query, options)).rooms
  }

  /**
   * Like {@link listRooms}, with a cursor to go on.
   * @example
   * let page = await client.pageRooms({ query })
   * while (page.cursor) page = await client.pageRooms({ query, cursor: page.cursor })
   */
  async pageRooms(query: RoomQuery = {}, options: RequestOptions = {}): Promise<RoomPage> {
    const { hasSeat, ...fields } = query
    return this.#life
      .requireConnection()
      .request('RoomList', { ...fields, has_seat: hasSeat }, options, ({ rooms, cursor }) => ({
        rooms: rooms.map(roomInfoFromWire),
        cursor,
      }))
  }

  /**
   * Looks for other players. The ticket that comes back tells when a match was made; it ends with the session.
   *
   * @example
   * const ticket = await client.matchmake({
   *   module: 'duel', min: 2, max: 2, properties: { rank: 1510 }, query: '+properties.rank:[1460 TO 1560]',
   *   widen: [{ afterMs: 10_000, query: '+properties.rank:[1310 TO 1710]' }],
   * })
   * const room = await ticket.join()
   * @throws {KaosError} ROOM_MODULE_NOT_FOUND, INVALID_PAYLOAD, PARTY_LEADER_ONLY, TOO_MANY_REQUESTS, MATCHMAKER_FULL
   */
  async matchmake(request: MatchRequest, options: RequestOptions = {}): Promise<Ticket> {
    return this.#life.requireConnection().matchmake(request, options)
  }

  /** The party we are in, as event `party` told of it last. */
  get party(): Party | undefined {
    return this.#life.connection?.matchmaking.party
  }

  /**
   * Makes a party, which we lead. Others join with its id.
   * @param max The most members; 8 when omitted.
   * @throws {KaosError} PARTY_ALREADY_JOINED
   */
  createParty(max?: number, options: RequestOptions = {}): Promise<Party> {
    return this.#party({ action: 'create', max }, options)
  }

  /** @throws {KaosError} PARTY_NOT_FOUND, PARTY_FULL or PARTY_ALREADY_JOINED */
  joinParty(party: string, options: RequestOptions = {}): Promise<Party> {
    return this.#party({ action: 'join', party }, options)
  }

  /** @throws {KaosError} PARTY_NOT_JOINED */
  async leaveParty(options: RequestOptions = {}): Promise<void> {
    await this.#party({ action: 'leave' }, options)
  }

  /** Takes a member out. @throws {KaosError} PARTY_LEADER_ONLY */
  kickFromParty(sessionId: string, options: RequestOptions = {}): Promise<Party> {
    return this.#party({ action: 'kick', session: sessionId }, options)
  }

  /** Makes another member the leader. @throws {KaosError} PARTY_LEADER_ONLY */
  promoteInParty(sessionId: string, options: RequestOptions = {}): Promise<Party> {
    return this.#party({ action: 'promote', session: sessionId }, options)
  }

  async #party(fields: Omit<ClientPayload<'Party'>, 'id'>, options: RequestOptions): Promise<Party> {
    const connection = this.#life.requireConnection()
    return connection.request('Party', fields, options, () => connection.matchmaking.party as Party)
  }

  #reportListener(thrown: unknown, name: string): void {
    const message = `a listener of '${name}' threw`
    const error = new KaosError('INTERNAL', message, { cause: thrown })
    // An error listener that throws is not told of itself.
    if (name === 'error') this.#options.logger.error(message, thrown)
    else this.#reportError(error, undefined)
  }

  #reportError(error: KaosError, op: OpName | undefined): void {
    if (this.#events.listenerCount('error') === 0) this.#options.logger.error(error.message, error)
    else this.#events.emit('error', { error, op })
  }
}

function serverUrl(text: string): URL {
  const url = new URL(text)
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw new TypeError(`A server's address begins with http, https, ws or wss: ${text}`)
  }
  return url
}
