import { expect, it } from 'vitest'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { SeededRandom } from '../testing/index.ts'
import { isReset, resetToken, writeReset } from './stateless-reset.ts'

const crypto = createDefaultProvider()
const key = new Uint8Array(32).fill(1)
const id = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const token = resetToken(crypto, key, id)

it('is recognised by who knows the token, and by nobody else', () => {
  const out = new Uint8Array(64)
  const length = writeReset(out, token, 100, new SeededRandom(1))
  expect(isReset(out, 0, length, token)).toBe(true)
  expect(isReset(out, 0, length, resetToken(crypto, key, Uint8Array.of(9, 2, 3, 4, 5, 6, 7, 8)))).toBe(false)
  expect(isReset(out, 0, length - 1, token)).toBe(false)
})

it('is always shorter than what provoked it, and so two servers fall silent', () => {
  const out = new Uint8Array(64)
  const random = new SeededRandom(2)
  for (let trigger = 0; trigger < 1500; trigger += 1) {
    expect(writeReset(out, token, trigger, random)).toBeLessThan(Math.max(trigger, 1))
  }
  let length = 1500
  let rounds = 0
  while (length >= 27) {
    length = writeReset(out, token, length, random)
    rounds += 1
  }
  expect(rounds).toBeLessThan(20)
})

it('looks like a packet with a short header', () => {
  const random = new SeededRandom(3)
  for (let count = 0; count < 50; count += 1) {
    const out = new Uint8Array(64)
    writeReset(out, token, 60, random)
    expect((out[0] ?? 0) & 0b1101_1111).toBe(0x42)
  }
})
