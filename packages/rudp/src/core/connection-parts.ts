import { AckTracker } from './ack-tracker.ts'
import { Backpressure } from './backpressure.ts'
import { Closing } from './closing.ts'
import type { CongestionOptions } from './congestion/controller.ts'
import { createController } from './congestion/create-controller.ts'
import type { ConnectionHandler, ConnectionOptions, PathId } from './connection-options.ts'
import { DelayGuard } from './delay-guard.ts'
import { DropCounters } from './drop-counters.ts'
import { ConnectionEvent, EventRing } from './event-ring.ts'
import { KeyUpdate } from './key-update.ts'
import { type ConnectionLimits, resolveLimits } from './limits.ts'
import { Liveness } from './liveness.ts'
import { MtuDiscovery } from './mtu.ts'
import { Outbox } from './outbox.ts'
import type { PacketProtection } from './packet-protection.ts'
import { PacketScratch } from './packet-scratch.ts'
import { PathManager } from './path-manager.ts'
import type { Random } from './random.ts'
import { ReceiveBudget } from './receive-budget.ts'
import { ReceiveChannels } from './receive-channels.ts'
import { ReceivedPackets } from './received-packets.ts'
import { type PacketFates, Recovery } from './recovery.ts'
import { SendChannels } from './send-channels.ts'
import { SentPackets, UNIT_CREDIT, UNIT_MESSAGE, UNIT_RESUME } from './sent-packets.ts'
import { ShareWindow } from './share-window.ts'

const DEFAULT_INITIAL_RTT_MS = 100
/** A server has many connections, and what they remember of their packets should stay in the cache. */
const DEFAULT_EVENTS = { client: 512, server: 64 } as const

/** The parts one connection is made of, each of which knows only its own job, and who tells whom of packets' fates. */
export class ConnectionParts implements PacketFates {
  readonly isServer: boolean
  readonly protection: PacketProtection
  readonly handler: ConnectionHandler
  readonly random: Random
  readonly scratch: PacketScratch
  readonly limits: ConnectionLimits
  readonly events: EventRing
  readonly drops = new DropCounters()
  readonly sent: SentPackets
  readonly received: ReceivedPackets
  readonly recovery: Recovery
  readonly acks: AckTracker
  readonly send: SendChannels
  readonly receive: ReceiveChannels
  readonly outbox = new Outbox()
  readonly paths: PathManager
  readonly keys: KeyUpdate
  readonly mtu: MtuDiscovery
  readonly guard = new DelayGuard()
  readonly closing = new Closing()
  readonly liveness: Liveness
  readonly budget: ReceiveBudget
  readonly backpressure: Backpressure
  readonly receivedShare = new ShareWindow()
  packetsSent = 0
  bytesSent = 0
  packetsReceived = 0
  bytesReceived = 0
  pathChanges = 0
  readonly #congestion: CongestionOptions
  readonly #initialRttMs: number
  readonly #isSameHost: ((a: PathId, b: PathId) => boolean) | undefined

  constructor(options: ConnectionOptions) {
    const { nowMs, protection, random, handler } = options
    const limits = resolveLimits(options.role, options.limits ?? {})
    const numbers = options.firstPacketNumbers ?? { sent: 0, received: 0 }
    this.isServer = options.role === 'server'
    this.protection = protection
    this.handler = handler
    this.random = random
    this.scratch = options.scratch ?? new PacketScratch()
    this.#congestion = options.congestion ?? {}
    this.#initialRttMs = options.initialRttMs ?? DEFAULT_INITIAL_RTT_MS
    this.#isSameHost = options.isSameHost
    this.limits = limits
    this.events = new EventRing(options.eventCapacity ?? DEFAULT_EVENTS[options.role])
    this.sent = new SentPackets(limits.maxSentPackets, numbers.sent)
    this.received = new ReceivedPackets(numbers.received - 1)
    this.recovery = new Recovery(
      this.sent,
      createController(this.#congestion),
      this,
      this.events,
      this.#initialRttMs,
      nowMs,
    )
    this.acks = new AckTracker(this.received)
    this.send = new SendChannels(limits, options.channels ?? [], this.sent, this.drops)
    this.receive = new ReceiveChannels(limits, this.drops, handler)
    this.paths = new PathManager(options.path, random, limits.pathAttemptsPerMinute)
    this.keys = new KeyUpdate(protection, options.keyUpdate ?? {}, nowMs)
    this.mtu = new MtuDiscovery(options.mtu ?? {}, nowMs)
    this.liveness = new Liveness(options.role, options.liveness ?? {}, nowMs)
    this.budget = new ReceiveBudget(limits, nowMs)
    this.backpressure = new Backpressure(
      limits.sendQueueBytes,
      limits.sendQueueMessages,
      limits.slowConsumerMs,
    )
  }

  onUnitAcked(kind: number, owner: number, index: number): void {
    if (kind === UNIT_MESSAGE) this.send.onUnitAcked(owner, index)
    else if (kind === UNIT_RESUME) this.outbox.onTicketAcked(index)
  }

  onUnitLost(kind: number, owner: number, index: number, packetNumber: number): void {
    if (kind === UNIT_MESSAGE) this.send.onUnitLost(owner, index, packetNumber)
    else if (kind === UNIT_CREDIT) this.receive.credit.onLost(owner)
    else this.outbox.onTicketLost()
  }

  onAckArrived(largest: number): void {
    this.acks.onAckArrived(largest)
  }

  onSizeAcked(sizeBytes: number, isMtuProbe: boolean, nowMs: number): void {
    if (this.mtu.onAcked(sizeBytes, isMtuProbe)) this.events.record(nowMs, ConnectionEvent.Mtu, sizeBytes, 1)
  }

  onSizeLost(sizeBytes: number, isMtuProbe: boolean, nowMs: number): void {
    if (this.mtu.onLost(sizeBytes, isMtuProbe, nowMs)) {
      this.events.record(nowMs, ConnectionEvent.Mtu, this.mtu.currentBytes, 2)
    } else if (isMtuProbe) {
      this.events.record(nowMs, ConnectionEvent.Mtu, sizeBytes, 0)
    }
  }

  /** The peer has proved that it owns another address; another host means another network. */
  onPathValidated(from: number, to: number, nowMs: number): void {
    this.pathChanges++
    this.events.record(nowMs, ConnectionEvent.Path, to, 1)
    if (!(this.#isSameHost?.(from, to) ?? false)) {
      this.recovery.resetPath(createController(this.#congestion), this.#initialRttMs, nowMs)
      this.mtu.reset(nowMs)
    }
    this.handler.onPathValidated(to)
  }
}
