import { readU32, writeU32 } from '../little-endian.ts'

/** A message that carries a number and, behind it, bytes that follow from it. At least 4 bytes. */
export function numberedMessage(number: number, sizeBytes: number): Uint8Array {
  const message = new Uint8Array(sizeBytes)
  writeU32(message, 0, number)
  for (let index = 4; index < sizeBytes; index++) message[index] = number * 31 + index
  return message
}

/** The number of a message whose bytes are all right. @throws Error when a byte is wrong */
export function numberOf(message: Uint8Array): number {
  const number = readU32(message, 0)
  for (let index = 4; index < message.length; index++) {
    if (message[index] !== ((number * 31 + index) & 0xff)) {
      throw new Error(`message ${number} of ${message.length} bytes is wrong at byte ${index}`)
    }
  }
  return number
}
