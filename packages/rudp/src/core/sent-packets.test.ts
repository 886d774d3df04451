import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  PACKET_ACKED,
  PACKET_LOST,
  PACKET_OUTSTANDING,
  PACKET_SKIPPED,
  PACKET_UNTRACKED,
  SENT_ELICITING,
  SentPackets,
} from './sent-packets.ts'

interface ModelPacket {
  readonly sizeBytes: number
  readonly sentAtMs: number
  readonly ackLargest: number
  readonly units: readonly [number, number, number][]
  fate: number
}

describe('sent packets', () => {
  it('keeps every packet and its units through any growth until it is settled', () => {
    const operation = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('send' as const), units: fc.integer({ min: 0, max: 9 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('skip' as const) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('settle' as const), at: fc.nat(), lost: fc.boolean() }),
      },
    )
    const first = fc.constantFrom(0, 2 ** 16 - 20, 2 ** 32 - 20, 2 ** 40)
    fc.assert(
      fc.property(first, fc.array(operation, { maxLength: 300 }), (firstNumber, operations) => {
        const sent = new SentPackets(1024, firstNumber)
        const model = new Map<number, ModelPacket>()
        let nowMs = 0
        for (const step of operations) {
          nowMs++
          if (step.do === 'skip') {
            model.set(sent.next, {
              sizeBytes: 0,
              sentAtMs: 0,
              ackLargest: -1,
              units: [],
              fate: PACKET_SKIPPED,
            })
            sent.skip()
          } else if (step.do === 'send') {
            const number = sent.next
            const units = Array.from({ length: step.units }, (_, index): [number, number, number] => [
              1,
              index,
              (number * 16 + index) >>> 0,
            ])
            for (const [kind, owner, index] of units) sent.addUnit(kind, owner, index)
            const sizeBytes = 50 + (number % 1400)
            sent.record(sizeBytes, SENT_ELICITING, number - 3, nowMs)
            const sentAtMs = nowMs
            model.set(number, {
              sizeBytes,
              sentAtMs,
              ackLargest: number - 3,
              units,
              fate: PACKET_OUTSTANDING,
            })
          } else {
            const open = [...model].filter(([, { fate }]) => fate === PACKET_OUTSTANDING)
            const chosen = open[step.at % Math.max(open.length, 1)]
            if (chosen === undefined) continue
            chosen[1].fate = step.lost ? PACKET_LOST : PACKET_ACKED
            sent.setFate(chosen[0], chosen[1].fate)
            sent.prune(nowMs - 40)
          }
          for (const [number, packet] of model) if (number < sent.first && packet) model.delete(number)
        }
        expect(sent.next - sent.first).toBe(model.size)
        for (const [number, packet] of model) {
          expect(sent.fate(number)).toBe(packet.fate)
          if (packet.fate === PACKET_SKIPPED) continue
          expect(sent.sizeBytes(number)).toBe(packet.sizeBytes)
          expect(sent.sentAtMs(number)).toBe(packet.sentAtMs)
          expect(sent.ackLargest(number)).toBe(packet.ackLargest)
          const start = sent.unitStart(number)
          const units = Array.from({ length: sent.unitCount(number) }, (_, index) => [
            sent.unitKind(start + index),
            sent.unitOwner(start + index),
            sent.unitIndex(start + index),
          ])
          expect(units).toEqual(packet.units)
        }
      }),
    )
  })

  it('forgets lost packets only after a while, for their ACK may still come', () => {
    const sent = new SentPackets(1024, 0)
    sent.record(100, SENT_ELICITING, -1, 10)
    sent.setFate(0, PACKET_LOST)
    sent.prune(10)
    expect(sent.first).toBe(0)
    sent.prune(10.5)
    expect(sent.first).toBe(1)
  })

  it('does not wait for packets that elicit nothing', () => {
    const sent = new SentPackets(1024, 0)
    sent.record(40, 0, 5, 0)
    expect(sent.fate(0)).toBe(PACKET_UNTRACKED)
    sent.prune(0)
    expect(sent.first).toBe(1)
  })

  it('is full for data before it is full for ACKs and probes', () => {
    const sent = new SentPackets(128, 0)
    while (!sent.isFullForData) sent.record(100, SENT_ELICITING, -1, 0)
    expect(sent.next).toBe(64)
    expect(sent.isFull).toBe(false)
    while (!sent.isFull) sent.record(100, SENT_ELICITING, -1, 0)
    expect(sent.next).toBe(128)
  })
})
