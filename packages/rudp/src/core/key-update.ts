import type { KeyUpdateOptions } from './connection-options.ts'
import type { PacketProtection } from './packet-protection.ts'

const DEFAULT_PACKETS = 2 ** 22
const DEFAULT_AGE_MS = 3_600_000

/**
 * Which generation of keys a packet is sealed and opened with (RFC 9001 §6). Either side may start an update;
 * the other follows with its next packet. The previous receive key stays for three probe timeouts for packets
 * that were overtaken.
 */
export class KeyUpdate {
  readonly #protection: PacketProtection
  readonly #afterPackets: number
  readonly #afterMs: number
  #sendGeneration = 0
  #receiveGeneration = 0
  /** The first packet sent with the present key. */
  #firstSent = 0
  /** The lowest packet number received with the present key. */
  #firstReceived = 0
  #startedAtMs = 0
  /** The receive key before the present one is forgotten then; Infinity = there is none. */
  #previousUntilMs = Number.POSITIVE_INFINITY

  constructor(protection: PacketProtection, options: KeyUpdateOptions, nowMs: number) {
    this.#protection = protection
    this.#afterPackets = options.afterPackets ?? DEFAULT_PACKETS
    this.#afterMs = options.afterMs ?? DEFAULT_AGE_MS
    this.#startedAtMs = nowMs
  }

  /** Updates of the sending key so far. */
  get sendGeneration(): number {
    return this.#sendGeneration
  }

  /** When the previous receive key is to be forgotten. */
  get deadlineMs(): number {
    return this.#previousUntilMs
  }

  /**
   * The generation to seal this packet with. Starts an update when one is due, and only when the peer has
   * confirmed the last (a packet sealed with the present key was acknowledged, RFC 9001 §6.1).
   */
  generationToSeal(packetNumber: number, largestAcked: number, nowMs: number): number {
    const isDue =
      packetNumber - this.#firstSent >= this.#afterPackets || nowMs - this.#startedAtMs >= this.#afterMs
    if (
      isDue &&
      largestAcked >= this.#firstSent &&
      this.#sendGeneration === this.#receiveGeneration &&
      this.#previousUntilMs === Number.POSITIVE_INFINITY
    ) {
      this.#advanceSending(packetNumber, nowMs)
    }
    return this.#sendGeneration
  }

  /** The generation a packet with this key phase can only have. */
  generationToOpen(keyPhase: number, packetNumber: number): number {
    if (keyPhase === (this.#receiveGeneration & 1)) return this.#receiveGeneration
    const isFromBefore =
      this.#previousUntilMs !== Number.POSITIVE_INFINITY && packetNumber < this.#firstReceived
    return isFromBefore ? this.#receiveGeneration - 1 : this.#receiveGeneration + 1
  }

  /**
   * A packet of this generation was authentic. `nextPacketNumber` is that of our next packet.
   * @returns whether the peer has started or confirmed an update with it
   */
  onOpened(
    generation: number,
    packetNumber: number,
    nextPacketNumber: number,
    probeTimeoutMs: number,
    nowMs: number,
  ): boolean {
    if (generation === this.#receiveGeneration) {
      if (packetNumber < this.#firstReceived) this.#firstReceived = packetNumber
      return false
    }
    if (generation < this.#receiveGeneration) return false
    this.#receiveGeneration = generation
    this.#firstReceived = packetNumber
    this.#previousUntilMs = nowMs + 3 * probeTimeoutMs
    if (this.#sendGeneration < generation) this.#advanceSending(nextPacketNumber, nowMs)
    return true
  }

  onTimeout(nowMs: number): void {
    if (nowMs < this.#previousUntilMs) return
    this.#previousUntilMs = Number.POSITIVE_INFINITY
    this.#protection.discardBelow(this.#receiveGeneration)
  }

  #advanceSending(firstPacketNumber: number, nowMs: number): void {
    this.#sendGeneration++
    this.#firstSent = firstPacketNumber
    this.#startedAtMs = nowMs
  }
}
