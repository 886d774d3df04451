import { WireLimits } from '@kaosnet/protocol'
import { queueClassOf } from './queue-class.ts'

/** How many bytes of a message of reliable frames are those of the class `control`. */
export function controlBytesOf(message: Uint8Array): number {
  let bytes = 0
  for (let at = 0; at < message.length; ) {
    const sizeBytes = frameBytes(message, at)
    if (queueClassOf(message[at] as number, 'reliable') === 'control') bytes += sizeBytes
    at += sizeBytes
  }
  return bytes
}

/** How many frames a message holds. */
export function frameCountOf(message: Uint8Array): number {
  let frames = 0
  for (let at = 0; at < message.length; at += frameBytes(message, at)) frames++
  return frames
}

function frameBytes(message: Uint8Array, at: number): number {
  return WireLimits.frameHeaderBytes + ((message[at + 1] as number) | ((message[at + 2] as number) << 8))
}
