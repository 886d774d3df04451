import { Client } from '../../packages/client/src/client.ts'
import type { Room } from '../../packages/client/src/room.ts'
import { decodeMessagePack, encodeMessagePack, encodeRoomData, encodeRoomState } from '@kaosnet/protocol'
import { afterAll, expect, it } from 'vitest'
import type { RoomId } from '../../packages/server/src/ids.ts'
import { settled } from '../../packages/server/src/testing/promises.ts'
import { type RouterWorld, routerWorld } from '../../packages/server/src/testing/router-world.ts'
import { testMetrics } from '../../packages/server/src/testing/test-metrics.ts'
import { SimulatedLink } from '../support/simulated-link.ts'

/** Repeat a failure with `TEST_SEED=<seed> TEST_RUNS=1`. */
const FIRST_SEED = Number(process.env.TEST_SEED ?? 1)
const RUNS = Number(process.env.TEST_RUNS ?? 2_000)
const STEPS = 120

const metrics = testMetrics()
afterAll(() => metrics.close())

function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A room that the client joins and leaves again and again: the life of a lane. */
class SideRoom {
  readonly id: RoomId
  readonly #client: Client
  readonly #world: RouterWorld
  readonly #problems: string[]
  readonly #heard: number[][] = []
  readonly #told: number[] = []
  readonly #sent: number[] = []
  #room: Room | undefined
  #phase: 'out' | 'joining' | 'in' | 'leaving' = 'out'

  /** Whom it has let in last. */
  #accepted = 0

  constructor(client: Client, world: RouterWorld, problems: string[]) {
    this.#client = client
    this.#world = world
    this.#problems = problems
    this.id = world.run()
  }

  /** Goes in, or comes out. */
  move(): void {
    const fail = (error: Error): void => void this.#problems.push(`side room: ${error.message}`)
    if (this.#phase === 'out') {
      this.#phase = 'joining'
      this.#told.push(0)
      this.#sent.push(0)
      const heard: number[] = []
      this.#heard.push(heard)
      this.#client.joinRoom(this.id).then((room) => {
        this.#phase = 'in'
        this.#room = room
        room.on('data', ({ data }) => heard.push(data as number))
      }, fail)
    } else if (this.#phase === 'in') {
      this.#phase = 'leaving'
      this.#room?.leave().then(() => {
        this.#phase = 'out'
      }, fail)
    }
  }

  /** The room lets in who has asked. */
  accept(): void {
    const asked = this.#world.host.taken('join').filter(({ roomId }) => roomId === this.id)
    const last = asked.at(-1)
    if (last === undefined || last.member.member === this.#accepted) return
    this.#accepted = last.member.member
    this.#world.gateway.joinAccepted(this.id, last.member.member)
  }

  /** Something is said, either way. */
  talk(): void {
    const visit = this.#told.length - 1
    if (this.#phase === 'in') this.#room?.send(10 + visit, (this.#sent[visit] as number)++)
    if (this.#world.rooms.find(this.id)?.size !== 1) return
    this.#world.gateway.roomData(this.id, dataFrame((this.#told[visit] as number)++, true), true, undefined)
  }

  get isSettled(): boolean {
    return this.#phase === 'out' || this.#phase === 'in'
  }

  /** Every visit but one that goes on was ended by the client. */
  get expected(): unknown {
    const left = this.#told.length - (this.#phase === 'in' ? 1 : 0)
    const leaves = Array.from({ length: left }, () => 'left')
    return { heard: this.#told.map(upTo), received: this.#sent.map(upTo), leaves }
  }

  get found(): unknown {
    const inputs = this.#world.host.taken('input').map(({ message }) => message)
    const received = this.#sent.map((_, visit) =>
      inputs.filter(({ op }) => op === 10 + visit).map(({ data }) => decodeMessagePack(data)),
    )
    const leaves = this.#world.host.taken('leave').filter(({ roomId }) => roomId === this.id)
    return { heard: this.#heard, received, leaves: leaves.map(({ reason }) => reason) }
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** A real SDK client and a real router, session and room gateway, with a network that does what it likes. */
class Sequence {
  readonly #random: () => number
  readonly #world = routerWorld(
    metrics,
    { session: { resumeWindowMs: 3_600_000, timeoutMs: 3_600_000, heartbeatMs: 50 } },
    { rpcs: ['echo'] },
  )
  readonly #links: SimulatedLink[] = []
  readonly #client: Client
  readonly #problems: string[] = []
  readonly #heard: number[] = []
  readonly #answers: number[] = []
  #room: Awaited<ReturnType<Client['joinRoom']>> | undefined
  #roomId: RoomId | undefined
  #sent = 0
  #told = 0
  #asked = 0
  #state = 0
  #side: SideRoom | undefined
  drops = 0

  constructor(seed: number) {
    this.#random = mulberry32(seed)
    const { clock } = this.#world
    this.#client = new Client(
      'http://localhost:1',
      {
        clock: { nowMs: () => clock.nowMs(), setTimer: (run, delayMs) => clock.setTimer(run, delayMs) },
        random: this.#random,
        connectTimeoutMs: 400,
        reconnect: { baseDelayMs: 5, maxDelayMs: 20 },
        logger: { error: (message) => this.#problems.push(message) },
        // Now with lanes of their own, now with one stream for all: another transport each time.
        dial: async ({ handlers }) => {
          const link = new SimulatedLink(handlers, this.#random() < 0.5)
          link.attach(this.#world.connectLink(link.connection))
          this.#links.push(link)
          return link.transport
        },
      },
      () => Promise.reject(new Error('not used')),
    )
    for (const name of ['disconnected', 'ended'] as const) {
      this.#client.on(name, ({ error }) => this.#problems.push(`${name}: ${error?.message}`))
    }
  }

  async start(): Promise<void> {
    const connecting = this.#client.connect()
    connecting.catch(() => {})
    await this.#drain()
    await connecting
    this.#roomId = this.#world.run()
    const joining = this.#client.joinRoom(this.#roomId)
    joining.catch(() => {})
    await this.#drain()
    this.#world.gateway.joinAccepted(this.#roomId, this.#world.host.taken('join')[0]?.member.member ?? 0)
    await this.#drain()
    this.#room = await joining
    this.#room.on('data', ({ data, isReliable }) => {
      if (isReliable) this.#heard.push(data as number)
    })
    for (const name of ['closed', 'departed'] as const) {
      this.#room.on(name, () => this.#problems.push(`room: ${name}`))
    }
    this.#world.clock.advance(1)
    this.#side = new SideRoom(this.#client, this.#world, this.#problems)
  }

  async step(): Promise<void> {
    const { clock, gateway } = this.#world
    const roomId = this.#roomId as RoomId
    const link = this.#links[Math.floor(this.#random() * this.#links.length)]
    const dice = this.#random()
    if (dice < 0.12) this.#room?.send(1, this.#sent++)
    else if (dice < 0.15) this.#room?.send(2, 'unreliable', { reliable: false })
    else if (dice < 0.27) gateway.roomData(roomId, dataFrame(this.#told++, true), true, undefined)
    else if (dice < 0.3) gateway.roomData(roomId, dataFrame(0, false), false, undefined)
    else if (dice < 0.34) {
      const version = ++this.#state
      const data = encodeMessagePack(version)
      gateway.roomState(roomId, encodeRoomState({ room: 0, isMessagePack: true, version, data }))
    } else if (dice < 0.38) {
      const number = this.#asked++
      this.#client.rpc<number>('echo', number).then(
        (answer) => this.#answers.push(answer),
        (error: Error) => this.#problems.push(`rpc: ${error.message}`),
      )
    } else if (dice < 0.42) this.#side?.move()
    else if (dice < 0.46) this.#side?.accept()
    else if (dice < 0.52) this.#side?.talk()
    else if (dice < 0.67) link?.pumpToServer(this.#random)
    else if (dice < 0.82) link?.pumpToClient(this.#random)
    else if (dice < 0.86) this.#newest?.pumpToServer(this.#random)
    else if (dice < 0.9) this.#newest?.pumpToClient(this.#random)
    else if (dice < 0.94) this.#drop()
    else clock.advance(Math.floor(this.#random() * 60))
    await settled()
    clock.turn()
  }

  /** Lets the network work again, and everything arrive. */
  async finish(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      await this.#drain()
      this.#side?.accept()
      const { state } = this.#client
      if (state === 'connected' && this.#links.every((link) => link.isIdle)) {
        // A connection that only the server has lost is noticed in the end.
        this.#newest?.pumpToServer(this.#random)
        if (this.#side?.isSettled && this.#answers.length === this.#asked && this.#isQuiet()) break
        this.#newest?.cut()
        this.#newest?.noticeAtClient()
        this.#newest?.noticeAtServer()
      }
      this.#world.clock.advance(25)
    }
  }

  check(seed: number): void {
    const received = this.#world.host
      .taken('input')
      .filter(({ message }) => message.op === 1)
      .map(({ message }) => decodeMessagePack(message.data))
    expect(
      {
        problems: this.#problems,
        received,
        heard: this.#heard,
        answers: [...this.#answers].sort((a, b) => a - b),
        state: this.#room?.state,
        leaves: this.#world.host.taken('leave').filter(({ roomId }) => roomId === this.#roomId),
        side: this.#side?.found,
        sessions: this.#world.sessions.size,
      },
      `seed ${seed}`,
    ).toEqual({
      problems: [],
      received: upTo(this.#sent),
      heard: upTo(this.#told),
      answers: upTo(this.#asked),
      state: this.#state === 0 ? undefined : this.#state,
      leaves: [],
      side: this.#side?.expected,
      sessions: 1,
    })
  }

  get #newest(): SimulatedLink | undefined {
    return this.#links.at(-1)
  }

  #isQuiet(): boolean {
    const arrived = this.#world.host.taken('input').filter(({ message }) => message.op === 1).length
    return this.#heard.length >= this.#told && arrived >= this.#sent
  }

  /** A connection is lost; each side learns of it now, or only when somebody else has taken its place. */
  #drop(): void {
    this.drops++
    const link = this.#newest
    if (this.#random() < 0.5) link?.cut()
    const who = this.#random()
    if (who < 0.7) link?.noticeAtClient()
    if (who > 0.4) link?.noticeAtServer()
    // Nobody may have noticed: then the client does, as its heartbeats are not answered.
    if (who >= 0.7) link?.noticeAtClient()
  }

  async #drain(): Promise<void> {
    for (let round = 0; round < 40; round++) {
      for (const link of this.#links) {
        for (let count = 0; count < 8; count++) {
          link.pumpToServer(this.#random)
          link.pumpToClient(this.#random)
        }
      }
      await settled()
      this.#world.clock.advance(1)
      if (this.#links.every((link) => link.isIdle)) break
    }
  }
}

function dataFrame(number: number, isReliable: boolean): Uint8Array {
  return encodeRoomData({
    room: 0,
    isReliable,
    isMessagePack: true,
    op: 1,
    sender: 0,
    data: encodeMessagePack(number),
  })
}

it(`every reliable message arrives once and in order, both ways, in ${RUNS} sequences of drops, resumes, races and other transports`, async () => {
  let drops = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const sequence = new Sequence(seed)
    await sequence.start()
    for (let step = 0; step < STEPS; step++) await sequence.step()
    await sequence.finish()
    sequence.check(seed)
    drops += sequence.drops
  }
  expect(drops).toBeGreaterThan(RUNS)
}, 300_000)
