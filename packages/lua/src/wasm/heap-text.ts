import { isUtf8 } from 'node:buffer'
import { LuaError } from '../errors.ts'
import type { LuaThread, Pointer } from './lua-api.ts'
import type { LuaWasm } from './lua-wasm.ts'

const SCRATCH_BYTES = 4096
/** A scratch buffer that had to grow past this for one value is given back after it. */
const SCRATCH_KEEP_BYTES = 256 * 1024
/** Below this length a loop over the characters beats a call into the runtime's codecs. */
const SHORT_LENGTH = 24

/** Moves text and bytes between JavaScript and the Lua heap. */
export class HeapText {
  readonly #wasm: LuaWasm
  /** Where `lua_tolstring` leaves a length. */
  readonly #length: Pointer
  readonly #cStrings = new Map<string, Pointer>()
  #scratch: Pointer
  #scratchBytes = SCRATCH_BYTES

  constructor(wasm: LuaWasm) {
    this.#wasm = wasm
    this.#length = this.allocate(8)
    this.#scratch = this.allocate(SCRATCH_BYTES)
  }

  /**
   * A C string that lives as long as the runtime; the same text gives the same address. Only for names that
   * the host chooses: they are never freed.
   */
  cString(text: string): Pointer {
    let pointer = this.#cStrings.get(text)
    if (pointer === undefined) {
      const sizeBytes = Buffer.byteLength(text) + 1
      pointer = this.allocate(sizeBytes)
      this.#wasm.bytes.write(text, pointer, 'utf8')
      this.#wasm.bytes[pointer + sizeBytes - 1] = 0
      this.#cStrings.set(text, pointer)
    }
    return pointer
  }

  pushString(L: LuaThread, text: string): void {
    const { length } = text
    const pointer = this.#reserve(length * 3)
    const { bytes, api } = this.#wasm
    api.lua_pushlstring(
      L,
      pointer,
      writeShortAscii(bytes, pointer, text) ? length : bytes.write(text, pointer, 'utf8'),
    )
    this.#trim()
  }

  pushBytes(L: LuaThread, bytes: Uint8Array): void {
    const pointer = this.#reserve(bytes.length)
    this.#wasm.bytes.set(bytes, pointer)
    this.#wasm.api.lua_pushlstring(L, pointer, bytes.length)
    this.#trim()
  }

  /** Calls `use` with a temporary copy of some text; `use` may throw. */
  withText<T>(text: string, use: (pointer: Pointer, sizeBytes: number) => T): T {
    const sizeBytes = Buffer.byteLength(text)
    const pointer = this.allocate(sizeBytes + 1)
    try {
      this.#wasm.bytes.write(text, pointer, 'utf8')
      this.#wasm.bytes[pointer + sizeBytes] = 0
      return use(pointer, sizeBytes)
    } finally {
      this.#wasm.api.free(pointer)
    }
  }

  /** The Lua string at an index as text, or `undefined` if it is not valid UTF-8. The value must be a string. */
  readString(L: LuaThread, index: number): string | undefined {
    const pointer = this.#wasm.api.lua_tolstring(L, index, this.#length)
    return this.decode(pointer, this.lastLength)
  }

  /** A copy of the bytes of the Lua string at an index. The value must be a string. */
  readBytes(L: LuaThread, index: number): Uint8Array {
    const pointer = this.#wasm.api.lua_tolstring(L, index, this.#length)
    return new Uint8Array(this.#wasm.bytes.subarray(pointer, pointer + this.lastLength))
  }

  /** Where the Lua string (or number, made a string) at an index lies; its length is {@link lastLength}. */
  locate(L: LuaThread, index: number): Pointer {
    return this.#wasm.api.lua_tolstring(L, index, this.#length)
  }

  /** The length in bytes of the string read or located last. */
  get lastLength(): number {
    return this.#wasm.words[this.#length >> 2] ?? 0
  }

  /** At most `maxBytes` of the string at an index, whatever is not UTF-8 replaced by U+FFFD. */
  readLossy(L: LuaThread, index: number, maxBytes: number): string {
    const pointer = this.#wasm.api.lua_tolstring(L, index, this.#length)
    const length = this.lastLength
    const text = this.#wasm.bytes.toString('utf8', pointer, pointer + Math.min(length, maxBytes))
    return length > maxBytes ? `${text}… (${length} bytes)` : text
  }

  /** The C string at an address, at most `maxBytes` of it; none for a null pointer. */
  cText(pointer: Pointer, maxBytes: number): string {
    if (pointer === 0) return ''
    const { bytes } = this.#wasm
    const end = bytes.subarray(pointer, pointer + maxBytes).indexOf(0)
    return bytes.toString('utf8', pointer, pointer + (end === -1 ? maxBytes : end))
  }

  decode(pointer: Pointer, length: number): string | undefined {
    const { bytes } = this.#wasm
    if (length <= SHORT_LENGTH) {
      let text = ''
      let at = pointer
      for (const end = pointer + length; at < end; at++) {
        const byte = bytes[at] ?? 0
        if (byte > 0x7f) break
        text += String.fromCharCode(byte)
      }
      if (at === pointer + length) return text
    }
    const view = bytes.subarray(pointer, pointer + length)
    return isUtf8(view) ? view.toString('utf8') : undefined
  }

  #reserve(sizeBytes: number): Pointer {
    if (sizeBytes > this.#scratchBytes) {
      this.#wasm.api.free(this.#scratch)
      this.#scratchBytes = 0
      this.#scratch = this.allocate(sizeBytes)
      this.#scratchBytes = sizeBytes
    }
    return this.#scratch
  }

  #trim(): void {
    if (this.#scratchBytes <= SCRATCH_KEEP_BYTES) return
    this.#wasm.api.free(this.#scratch)
    this.#scratch = this.allocate(SCRATCH_BYTES)
    this.#scratchBytes = SCRATCH_BYTES
  }

  /** Memory of the host's own, outside of every VM; it is never freed unless the caller does. */
  allocate(sizeBytes: number): Pointer {
    const { isGuest } = this.#wasm
    this.#wasm.isGuest = false // these buffers are the host's, whoever runs
    const pointer = this.#wasm.api.malloc(sizeBytes)
    this.#wasm.isGuest = isGuest
    if (pointer === 0) throw new LuaError('memory', 'the Lua runtime has no memory left')
    return pointer
  }
}

/** Writes a short ASCII text and says whether it was one. */
function writeShortAscii(bytes: Buffer, pointer: Pointer, text: string): boolean {
  if (text.length > SHORT_LENGTH) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) return false
    bytes[pointer + at] = code
  }
  return true
}
