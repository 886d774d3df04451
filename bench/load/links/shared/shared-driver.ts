import { type Address, DatagramBatch, type Endpoint } from '@kaosnet/rudp'
import { botAddressNumber, botOfAddress } from '../bot-address.ts'
import { addressOf, type BatchSocket, setAddress } from './batch-socket.ts'
import { DeadlineWheel } from './deadline-wheel.ts'

/**
 * Datagrams of one system call, and of one reading of the clock. Endpoints are polled after each batch, while what they
 * touched is still in the processor's cache: thousands of them do not fit there.
 */
const BATCH_SIZE = 32
/** After so many batches in one turn, deadlines and whatever else the event loop has get theirs. */
const RECEIVES_PER_TURN = 16
const POLLS_PER_TURN = 512

/** The client's end of one bot's connection. */
export interface SharedEndpoint extends Endpoint {
  /** Nothing more is sent or expected. */
  readonly isDrained: boolean
}

export interface SharedDriverOptions {
  readonly socket: BatchSocket
  readonly server: Address
  /** The bots whose addresses are in use here: so many from this one on. */
  readonly firstBot: number
  readonly bots: number
  /** Monotonic milliseconds. */
  readonly clock: () => number
}

interface Member {
  readonly endpoint: SharedEndpoint
  readonly place: number
  readonly address: number
  /** It is on the list of those to be polled. */
  isAwake: boolean
}

/**
 * Puts the endpoints of all bots on one socket, as an `EndpointDriver` puts one on its own: in one turn of the event loop
 * everything received is handled, then deadlines that have passed, then all that has something to say is sent. A timer, a
 * reading of the clock and a system call serve many bots; what each endpoint does is the same.
 */
export class SharedDriver {
  /** When the datagrams that are being handled were received. */
  nowMs: number
  /** Received datagrams that were no bot's. */
  strays = 0
  readonly #socket: BatchSocket
  readonly #server: Address
  readonly #firstBot: number
  readonly #clock: () => number
  readonly #members: (Member | undefined)[]
  readonly #wheel: DeadlineWheel
  readonly #received = new DatagramBatch(BATCH_SIZE)
  readonly #outgoing = new DatagramBatch(BATCH_SIZE)
  readonly #awake: Member[] = []
  #nextAwake = 0
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #immediate: NodeJS.Immediate | undefined
  #closed: Promise<void> | undefined

  constructor({ socket, server, firstBot, bots, clock }: SharedDriverOptions) {
    this.#socket = socket
    this.#server = server
    this.#firstBot = firstBot
    this.#clock = clock
    this.nowMs = clock()
    this.#members = new Array<Member | undefined>(bots).fill(undefined)
    this.#wheel = new DeadlineWheel(bots, this.nowMs)
    socket.onReadable = () => this.#schedule()
  }

  /** Takes a bot's endpoint in, until it is drained. @throws RangeError when that bot has no address here, or has an endpoint */
  add(bot: number, endpoint: SharedEndpoint): void {
    const place = bot - this.#firstBot
    if (!(place >= 0 && place < this.#members.length)) throw new RangeError(`bot ${bot} is not one of these`)
    if (this.#members[place] !== undefined) throw new RangeError(`bot ${bot} has an endpoint`)
    const member = { endpoint, place, address: botAddressNumber(bot), isAwake: false }
    this.#members[place] = member
    endpoint.onWake = () => this.#wake(member)
    this.#wake(member)
  }

  /** Sends what is to be sent, farewells too, and releases the socket. Idempotent. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      const nowMs = this.#clock()
      while (this.#awake.length > 0) this.#flush(nowMs)
      for (const member of this.#members) if (member !== undefined) member.endpoint.onWake = undefined
      clearTimeout(this.#timer)
      clearImmediate(this.#immediate)
      this.#socket.onReadable = undefined
      this.#closed = this.#socket.close()
    }
    return this.#closed
  }

  #wake(member: Member): void {
    if (member.isAwake) return
    member.isAwake = true
    this.#awake.push(member)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed !== undefined) return
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined
      this.#turn()
    })
  }

  #turn(): void {
    this.#receive()
    const nowMs = this.#clock()
    this.nowMs = nowMs
    this.#wheel.expire(nowMs, this.#serve)
    this.#flush(nowMs)
    if (this.#awake.length > 0) this.#schedule()
    this.#arm(nowMs)
  }

  #receive(): void {
    const batch = this.#received
    for (let call = 0; call < RECEIVES_PER_TURN; call += 1) {
      const count = this.#socket.receive(batch)
      if (count === 0) return
      this.nowMs = this.#clock()
      for (let slot = 0; slot < count; slot += 1) this.#handle(batch, slot)
      this.#flush(this.nowMs)
      if (count < batch.capacity) return
    }
  }

  #handle(batch: DatagramBatch, slot: number): void {
    const member = this.#members[botOfAddress(addressOf(batch, slot)) - this.#firstBot]
    if (member === undefined || batch.lengthOf(slot) === 0) {
      this.strays += 1
      return
    }
    const length = batch.take(slot)
    member.endpoint.handleDatagram(batch.buffer, 0, length, this.#server, this.nowMs)
    this.#wake(member)
  }

  readonly #serve = (place: number): void => {
    const member = this.#members[place]
    if (member === undefined) return
    member.endpoint.handleTimeout(this.nowMs)
    this.#wake(member)
  }

  /** Polls those that are awake, and those that wake up meanwhile, up to a bound. */
  #flush(nowMs: number): void {
    const batch = this.#outgoing
    for (let polls = 0; polls < POLLS_PER_TURN && this.#nextAwake < this.#awake.length; polls += 1) {
      const member = this.#awake[this.#nextAwake] as Member
      this.#nextAwake += 1
      member.isAwake = false
      this.#poll(member, batch, nowMs)
    }
    this.#send(batch)
    if (this.#nextAwake < this.#awake.length) return
    this.#awake.length = 0
    this.#nextAwake = 0
  }

  #poll(member: Member, batch: DatagramBatch, nowMs: number): void {
    const { endpoint, place, address } = member
    for (let hasMore = true; hasMore; ) {
      const from = batch.count
      hasMore = endpoint.pollDatagrams(batch, nowMs)
      for (let slot = from; slot < batch.count; slot += 1) setAddress(batch, slot, address)
      if (batch.isFull) this.#send(batch)
    }
    if (endpoint.isDrained) {
      endpoint.onWake = undefined
      this.#members[place] = undefined
      this.#wheel.set(place, Number.POSITIVE_INFINITY)
    } else {
      this.#wheel.set(place, endpoint.nextDeadlineMs())
    }
  }

  #send(batch: DatagramBatch): void {
    if (batch.count > 0) this.#socket.send(batch)
    batch.clear()
  }

  /** A timer that is armed for an earlier time is left alone: it fires, finds nothing to do, and is armed again. */
  #arm(nowMs: number): void {
    const atMs = this.#wheel.nextMs()
    if (atMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#handleTimer(), Math.max(1, Math.ceil(atMs - nowMs)))
  }

  /** Timers come before the poll phase: what has arrived meanwhile must be handled before a deadline is. */
  #handleTimer(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.#schedule()
  }
}
