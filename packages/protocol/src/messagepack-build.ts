import { KaosError } from './errors.ts'

/** Assigning it would set the prototype of the object that is built. */
const REFUSED_KEY = '__proto__'
/** Up to here a string of ASCII is put together faster than the decoder of the platform is called. */
const SHORT_STRING_BYTES = 24

/**
 * Builds the value that `bytes` hold. They must have passed `scanMessagePack`: nothing is checked here but the keys of
 * objects. A bin becomes a view of `bytes`; integers beyond ±2^53 lose precision.
 *
 * @throws {KaosError} INVALID_MESSAGEPACK for the key `__proto__`
 */
export function buildMessagePack(bytes: Uint8Array): unknown {
  return new Builder(bytes).value()
}

class Builder {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0
  #decoder: { decode(bytes: Uint8Array): string } | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  value(): unknown {
    const head = this.#uint(1)
    if (head <= 0x7f) return head
    if (head <= 0x8f) return this.#map(head & 0x0f)
    if (head <= 0x9f) return this.#array(head & 0x0f)
    if (head <= 0xbf) return this.#text(head & 0x1f)
    if (head >= 0xe0) return head - 0x100
    const view = this.#view
    // Each kind by its width: 1, 2, 4 and 8 bytes follow one another.
    switch (head) {
      case 0xc2:
      case 0xc3:
        return head === 0xc3
      case 0xc4:
      case 0xc5:
      case 0xc6: {
        const length = this.#uint(1 << (head - 0xc4))
        return this.#bytes.subarray(this.#skip(length), this.#offset)
      }
      case 0xca:
        return view.getFloat32(this.#skip(4))
      case 0xcb:
        return view.getFloat64(this.#skip(8))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc))
      case 0xcf:
        return Number(view.getBigUint64(this.#skip(8)))
      case 0xd0:
        return view.getInt8(this.#skip(1))
      case 0xd1:
        return view.getInt16(this.#skip(2))
      case 0xd2:
        return view.getInt32(this.#skip(4))
      case 0xd3:
        return Number(view.getBigInt64(this.#skip(8)))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (head - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (head - 0xdc)))
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (head - 0xde)))
      default:
        return null
    }
  }

  /** @returns where what is passed over begins */
  #skip(length: number): number {
    const at = this.#offset
    this.#offset += length
    return at
  }

  #uint(width: number): number {
    const at = this.#skip(width)
    if (width === 1) return this.#bytes[at] as number
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  #array(count: number): unknown[] {
    const items: unknown[] = []
    while (count-- > 0) items.push(this.value())
    return items
  }

  #map(count: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    while (count-- > 0) {
      const key = this.value() as string
      if (key === REFUSED_KEY) {
        throw new KaosError(
          'INVALID_MESSAGEPACK',
          `invalid MessagePack: the key ${REFUSED_KEY} is not allowed`,
        )
      }
      map[key] = this.value()
    }
    return map
  }

  #text(length: number): string {
    const at = this.#skip(length)
    if (length <= SHORT_STRING_BYTES) {
      let text = ''
      for (let index = at; index < this.#offset; index++) {
        const unit = this.#bytes[index] as number
        if (unit >= 0x80) return this.#decode(at)
        text += String.fromCharCode(unit)
      }
      return text
    }
    return this.#decode(at)
  }

  #decode(from: number): string {
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#decoder.decode(this.#bytes.subarray(from, this.#offset))
  }
}
