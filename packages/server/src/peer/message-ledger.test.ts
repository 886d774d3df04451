import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { MessageLedger } from './message-ledger.ts'
import { QueuedBytes } from './queued-bytes.ts'

describe('MessageLedger', () => {
  it('frees what each message is made of, the oldest first, however many there are', () => {
    const size = fc.nat({ max: 1_000 })
    const steps = fc.array(fc.option(fc.tuple(size, size, size)), { maxLength: 200 })
    checkProperty(
      fc.property(steps, (given) => {
        const queued = new QueuedBytes()
        const ledger = new MessageLedger(queued)
        const model: (readonly [number, number, number])[] = []
        for (const message of given) {
          if (message === null) {
            model.shift()
            ledger.shift()
          } else {
            const [control, reliable, unreliable] = message
            queued.add('control', control)
            queued.add('reliable', reliable)
            queued.add('unreliable', unreliable)
            model.push(message)
            ledger.push(control, reliable, unreliable)
          }
          const sums = [0, 1, 2].map((index) => model.reduce((sum, sizes) => sum + (sizes[index] ?? 0), 0))
          expect(ledger.length).toBe(model.length)
          expect([queued.of('control'), queued.of('reliable'), queued.of('unreliable')]).toEqual(sums)
        }
      }),
    )
  })

  it('says when one more takes more memory', () => {
    const ledger = new MessageLedger(new QueuedBytes())
    for (let message = 0; message < 4; message++) {
      expect(ledger.isFull).toBe(false)
      ledger.push(0, 0, 0)
    }
    expect(ledger.isFull).toBe(true)
    ledger.shift()
    expect(ledger.isFull).toBe(false)
  })
})
