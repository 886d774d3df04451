import type { ProbeSubject } from './probe-timer.ts'
import {
  PACKET_OUTSTANDING,
  SENT_ELICITING,
  SENT_LEFT_FLIGHT,
  SENT_PROMPT,
  type SentPackets,
} from './sent-packets.ts'

/** The packets that await an ACK, in numbers: how many, and what of them counts against the window. */
export class Flight implements ProbeSubject {
  readonly #sent: SentPackets
  #bytes = 0
  #elicitingInFlight = 0
  #promptInFlight = 0
  /** No prompt packet below this is outstanding. */
  #lowestPrompt = 0
  /** No packet below this counts against the window. */
  #lowestCounted = 0

  constructor(sent: SentPackets) {
    this.#sent = sent
  }

  /** Bytes that count against the window. */
  get bytes(): number {
    return this.#bytes
  }

  get elicitingInFlight(): number {
    return this.#elicitingInFlight
  }

  get promptInFlight(): number {
    return this.#promptInFlight
  }

  onSent(sizeBytes: number, flags: number): void {
    if ((flags & SENT_ELICITING) === 0) return
    this.#bytes += sizeBytes
    this.#elicitingInFlight++
    if ((flags & SENT_PROMPT) !== 0) this.#promptInFlight++
  }

  /** The fate of an outstanding packet is known: acknowledged or lost. */
  settle(packetNumber: number, fate: number): void {
    this.#uncount(packetNumber)
    this.#sent.setFate(packetNumber, fate)
    this.#elicitingInFlight--
    if ((this.#sent.flags(packetNumber) & SENT_PROMPT) !== 0) this.#promptInFlight--
  }

  /** Packets sent until then no longer count against the window, though their fate stays open. */
  uncountSentUntil(timeMs: number): void {
    const sent = this.#sent
    this.#lowestCounted = Math.max(this.#lowestCounted, sent.first)
    while (this.#lowestCounted < sent.next && sent.sentAtMs(this.#lowestCounted) <= timeMs) {
      const packetNumber = this.#lowestCounted++
      if (sent.fate(packetNumber) === PACKET_OUTSTANDING) this.#uncount(packetNumber)
    }
  }

  /** When the oldest prompt packet that is outstanding was sent; there must be one. */
  oldestPromptSentMs(): number {
    const sent = this.#sent
    let number = Math.max(this.#lowestPrompt, sent.first)
    while (
      number < sent.next - 1 &&
      (sent.fate(number) !== PACKET_OUTSTANDING || (sent.flags(number) & SENT_PROMPT) === 0)
    ) {
      number++
    }
    this.#lowestPrompt = number
    return sent.sentAtMs(number)
  }

  #uncount(packetNumber: number): void {
    if ((this.#sent.flags(packetNumber) & SENT_LEFT_FLIGHT) !== 0) return
    this.#sent.addFlag(packetNumber, SENT_LEFT_FLIGHT)
    this.#bytes -= this.#sent.sizeBytes(packetNumber)
  }
}
