import { Decoder, Encoder, type ExtensionCodecType } from '@msgpack/msgpack'
import { KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'
import { scanMessagePack } from './messagepack-scan.ts'

const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => {
    throw new KaosError('INVALID_MESSAGEPACK', 'extension types are not used')
  },
}

/**
 * Decodes one MessagePack value from untrusted bytes. Maps become plain objects, bin a Uint8Array view of `bytes`;
 * 64-bit integers beyond ±2^53 lose precision.
 *
 * @throws {KaosError} INVALID_MESSAGEPACK with the byte offset.
 */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  scanMessagePack(bytes)
  try {
    return new Decoder({ extensionCodec: noExtensions }).decode(bytes)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KaosError('INVALID_MESSAGEPACK', `invalid MessagePack: ${why}`, { cause })
  }
}

/**
 * Encodes a plain value (null, boolean, number, string, Uint8Array, array, object; undefined properties are left
 * out).
 *
 * @throws {KaosError} INVALID_PAYLOAD for anything else, and for nesting the other side would refuse.
 */
export function encodeMessagePack(value: unknown): Uint8Array {
  try {
    return new Encoder({
      extensionCodec: noExtensions,
      ignoreUndefined: true,
      maxDepth: WireLimits.payloadDepth,
    }).encode(value)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KaosError('INVALID_PAYLOAD', `cannot be encoded as MessagePack: ${why}`, { cause })
  }
}
