import { EMPTY_BYTES } from './empty-bytes.ts'
import { MAX_TICKET_BYTES } from './frame-types.ts'
import { RESUME_OVERHEAD_BYTES, TICK_BYTES, writePing, writeResume, writeTick } from './frame-writer.ts'
import type { PacketWriter } from './packet-writer.ts'
import { type SentPackets, UNIT_RESUME } from './sent-packets.ts'

/** Control frames that wait for the next packet and belong to nobody else: PING, TICK, RESUME. */
export class Outbox {
  #isPingDue = false
  #tick = -1
  #microsInTick = 0
  /** Empty when there is none the peer lacks. */
  #ticket: Uint8Array = EMPTY_BYTES
  #ticketsSet = 0
  #isTicketDue = false

  /** Something here is a reason to send a packet; a tick is not, it goes along. */
  get isDue(): boolean {
    return this.#isPingDue || this.#isTicketDue
  }

  ping(): void {
    this.#isPingDue = true
  }

  /** The newest tick replaces one that has not left. */
  setTick(tick: number, microsInTick: number): void {
    this.#tick = tick
    this.#microsInTick = Math.min(microsInTick, 0xffff)
  }

  /** @throws RangeError when the ticket is too long */
  setTicket(ticket: Uint8Array): void {
    if (ticket.length > MAX_TICKET_BYTES)
      throw new RangeError(`a ticket has at most ${MAX_TICKET_BYTES} bytes`)
    this.#ticket = ticket.slice()
    this.#ticketsSet++
    this.#isTicketDue = true
  }

  /** A packet with this ticket, counted from the first, has arrived: nothing need be kept to repeat it. */
  onTicketAcked(index: number): void {
    if (index !== this.#ticketsSet) return
    this.#ticket = EMPTY_BYTES
    this.#isTicketDue = false
  }

  /** A packet with a ticket was lost. */
  onTicketLost(): void {
    this.#isTicketDue = this.#ticket.length > 0
  }

  /** Writes what is due, as far as it fits. */
  write(writer: PacketWriter, sent: SentPackets): void {
    if (this.#isPingDue && writer.room > 0) {
      this.#isPingDue = false
      writer.wrote(writePing(writer.out, writer.at), true)
    }
    if (this.#isTicketDue && writer.room >= RESUME_OVERHEAD_BYTES + this.#ticket.length) {
      this.#isTicketDue = false
      writer.wrote(writeResume(writer.out, writer.at, this.#ticket), true)
      sent.addUnit(UNIT_RESUME, 0, this.#ticketsSet)
    }
  }

  /** Writes the tick into a packet that goes out with data. */
  writeTick(writer: PacketWriter): void {
    if (this.#tick < 0 || writer.room < TICK_BYTES) return
    writer.wrote(writeTick(writer.out, writer.at, this.#tick, this.#microsInTick), false)
    this.#tick = -1
  }
}
