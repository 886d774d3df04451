import { KaosError, utf8Bytes, WireLimits } from '@kaosnet/protocol'

/** @throws {KaosError} INVALID_PAYLOAD when a room's label is too long */
export function checkLabel(label: string): void {
  const size = utf8Bytes(label)
  if (size > WireLimits.labelBytes) {
    throw new KaosError('INVALID_PAYLOAD', `a label has at most ${WireLimits.labelBytes} bytes, got ${size}`)
  }
}
