import { Encoder, type ExtensionCodecType } from '@msgpack/msgpack'
import { KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'
import { buildMessagePack } from './messagepack-build.ts'
import { scanMessagePack } from './messagepack-scan.ts'
import { isWellFormed, repairText } from './messagepack-plain.ts'

const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => {
    throw new KaosError('INVALID_MESSAGEPACK', 'extension types are not used')
  },
}

/** Holds most control payloads; the library's 2,048 make a small message cost twice as much. */
const INITIAL_BUFFER_BYTES = 256

/**
 * Decodes one MessagePack value from untrusted bytes. Maps become plain objects, bin a Uint8Array view of `bytes`;
 * integers beyond ±2^53 lose precision.
 *
 * @throws {KaosError} INVALID_MESSAGEPACK with the byte offset.
 */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  scanMessagePack(bytes)
  return buildMessagePack(bytes)
}

/**
 * Encodes a plain value: null, boolean, number, string, Uint8Array, array, object. Undefined properties are left
 * out, undefined itself is nil, and a lone surrogate, which UTF-8 cannot express, is sent as U+FFFD.
 *
 * @throws {KaosError} INVALID_PAYLOAD for anything else, and for nesting the other side would refuse.
 */
export function encodeMessagePack(value: unknown): Uint8Array {
  const sendable = isWellFormed(value) ? value : repairText(value)
  return new Encoder({
    extensionCodec: noExtensions,
    ignoreUndefined: true,
    initialBufferSize: INITIAL_BUFFER_BYTES,
    // The encoder counts the innermost scalar as a level, payloadDepth counts maps and arrays.
    maxDepth: WireLimits.payloadDepth + 1,
  }).encode(sendable)
}
