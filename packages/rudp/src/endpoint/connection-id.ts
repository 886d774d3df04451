import { readUint32, writeUint32 } from '../handshake/bytes.ts'
import { CONNECTION_ID_BYTES } from '../handshake/accept-packet.ts'

// worker u8 | slot u24 | tag u32

/** Slots a connection id can name. */
export const MAX_SLOTS = 2 ** 24

/** The connection id of a slot. The tag is random, so that an old id does not fit the slot's next connection. */
export function encodeConnectionId(worker: number, slot: number, tag: number): Uint8Array {
  const id = new Uint8Array(CONNECTION_ID_BYTES)
  id[0] = worker
  id[1] = slot
  id[2] = slot >>> 8
  id[3] = slot >>> 16
  writeUint32(id, 4, tag)
  return id
}

export function connectionIdWorker(buffer: Uint8Array, offset: number): number {
  return buffer[offset] ?? 0
}

export function connectionIdSlot(buffer: Uint8Array, offset: number): number {
  return readUint32(buffer, offset) >>> 8
}

export function connectionIdTag(buffer: Uint8Array, offset: number): number {
  return readUint32(buffer, offset + 4)
}
