import { describe, expect, it } from 'vitest'
import { binaryFrame, FRAME_HEADER_BYTES } from './websocket-frame.ts'

function messageOf(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(FRAME_HEADER_BYTES + payload.length).fill(0xee)
  message.set(payload, FRAME_HEADER_BYTES)
  return message
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('a binary frame', () => {
  it.each([
    { length: 0, header: '8200' },
    { length: 125, header: '827d' },
    { length: 126, header: '827e007e' },
    { length: 65_535, header: '827effff' },
    { length: 65_536, header: '827f0000000000010000' },
  ])('of $length bytes begins with $header', ({ length, header }) => {
    const payload = new Uint8Array(length).map((_, index) => index * 7)
    const message = messageOf(payload)
    const frame = binaryFrame(message)
    expect(hex(frame.subarray(0, frame.length - length))).toBe(header)
    expect(Buffer.compare(frame.subarray(frame.length - length), payload)).toBe(0)
    expect(frame.buffer).toBe(message.buffer)
  })

  it('may begin anywhere in its memory', () => {
    const memory = new Uint8Array(100).fill(0xee)
    const frame = binaryFrame(memory.subarray(20, 20 + FRAME_HEADER_BYTES + 3))
    expect(hex(frame)).toBe('8203eeeeee')
    expect(memory.indexOf(0x82)).toBe(20 + FRAME_HEADER_BYTES - 2)
  })
})
