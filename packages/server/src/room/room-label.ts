import { KaosError, utf8Bytes } from '@kaosnet/protocol'

/** @throws {KaosError} INVALID_PAYLOAD when a room's label is too long */
export function checkLabel(label: string, maxBytes: number): void {
  const size = utf8Bytes(label)
  if (size > maxBytes) {
    throw new KaosError('INVALID_PAYLOAD', `a label has at most ${maxBytes} bytes, got ${size}`)
  }
}
