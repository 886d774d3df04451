import { describe, expect, it } from 'vitest'
import { Outbox } from './outbox.ts'
import { PacketWriter } from './packet-writer.ts'
import { SENT_ELICITING, SentPackets } from './sent-packets.ts'

function createWorld() {
  const outbox = new Outbox()
  const sent = new SentPackets(128, 0)
  /** Sends a packet. @returns the number of the ticket it carried, -1 for none */
  const send = (): number => {
    const writer = new PacketWriter()
    writer.begin(new Uint8Array(1200), 0, 5, 1200, 64, sent.next, 0)
    outbox.write(writer, sent)
    const packetNumber = sent.next
    sent.record(100, SENT_ELICITING, -1, 0)
    return sent.unitCount(packetNumber) === 0 ? -1 : sent.unitIndex(sent.unitStart(packetNumber))
  }
  return { outbox, send }
}

describe('a resume ticket', () => {
  it('is sent again when its packet was lost', () => {
    const { outbox, send } = createWorld()
    outbox.setTicket(new Uint8Array(40))
    const first = send()
    expect(send()).toBe(-1)
    outbox.onTicketLost()
    expect(send()).toBe(first)
  })

  it('is not sent again once it has arrived, whatever became of other packets with it', () => {
    const { outbox, send } = createWorld()
    outbox.setTicket(new Uint8Array(40))
    outbox.onTicketAcked(send())
    outbox.onTicketLost()
    expect(outbox.isDue).toBe(false)
    expect(send()).toBe(-1)
  })

  it('is still sent when only the one before it has arrived', () => {
    const { outbox, send } = createWorld()
    outbox.setTicket(new Uint8Array(40))
    const first = send()
    outbox.setTicket(new Uint8Array(50))
    outbox.onTicketAcked(first)
    expect(send()).toBe(first + 1)
  })
})
