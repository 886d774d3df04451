import { LuaError } from '../errors.ts'
import type { LuaValue } from '../values/lua-value.ts'
import { LuaType } from '../wasm/lua-api.ts'
import { BYTES_PER_INSTRUCTION, copyInstructions } from './budget.ts'
import { type LuaRef, RegistryRef } from './ref.ts'
import type { VmCore } from './vm-core.ts'

const TYPE_NAMES = [
  'nil',
  'boolean',
  'null',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
] as const

/** What `type()` says in Lua, plus `null` for the sentinel and `no value` past the last one. */
export type LuaTypeName = (typeof TYPE_NAMES)[number] | 'no value'

/**
 * Reads a row of Lua values: the arguments of a host function or the results of a call. Positions count
 * from 1, as in Lua's own messages; `name` is what such a message calls the value.
 *
 * Every reader throws a {@link LuaError} of kind `value` when the value is of another type, or, for
 * {@link value}, cannot leave Lua.
 */
export abstract class StackReader {
  /** The VM whose values these are, while the call lasts. */
  protected core: VmCore | undefined
  protected thread = 0
  /** The stack index of the value at position 0, so to say. */
  protected base = 0
  protected size = 0

  /** How many values there are. */
  get count(): number {
    return this.size
  }

  typeName(position: number): LuaTypeName {
    const type = this.#type(position)
    return type === LuaType.none ? 'no value' : (TYPE_NAMES[type] ?? 'userdata')
  }

  /** Whether the value is nil or not there at all. */
  isNil(position: number): boolean {
    return this.#type(position) <= LuaType.nil
  }

  boolean(position: number, name?: string): boolean {
    const { api } = this.#expect(position, name, LuaType.boolean, 'boolean')
    return api.lua_toboolean(this.thread, this.base + position) !== 0
  }

  /** An integer, or a float without a fraction, within ±(2^53 − 1). */
  integer(position: number, name?: string): number {
    const { api } = this.#expect(position, name, LuaType.number, 'integer')
    const value = api.lua_tonumberx(this.thread, this.base + position, 0)
    if (Number.isSafeInteger(value)) return value
    throw this.#mismatch(position, name, `number has no integer representation within 2^53`)
  }

  /** An integer or a float; an integer outside ±2^53 loses its low bits. */
  number(position: number, name?: string): number {
    const { api } = this.#expect(position, name, LuaType.number, 'number')
    return api.lua_tonumberx(this.thread, this.base + position, 0)
  }

  /** A string that is valid UTF-8; a number counts as a string, as in Lua. */
  string(position: number, name?: string): string {
    const heap = this.#text(position, name)
    const text = heap.readString(this.thread, this.base + position)
    if (heap.lastLength >= BYTES_PER_INSTRUCTION) this.charge(copyInstructions(0, heap.lastLength))
    if (text === undefined) throw this.#mismatch(position, name, 'string is not valid UTF-8')
    return text
  }

  /** A copy of the bytes of a string; a number counts as a string, as in Lua. */
  bytes(position: number, name?: string): Uint8Array {
    const bytes = this.#text(position, name).readBytes(this.thread, this.base + position)
    if (bytes.length >= BYTES_PER_INSTRUCTION) this.charge(copyInstructions(0, bytes.length))
    return bytes
  }

  /** Any plain value, copied; see {@link LuaValue}. */
  value(position: number, name?: string): LuaValue {
    const core = this.owner
    if (this.#type(position) === LuaType.none) return undefined
    try {
      return core.runtime.reader.read(core, this.thread, this.base + position, name)
    } catch (error) {
      throw error instanceof LuaError ? this.#mismatch(position, name, error.message) : error
    } finally {
      this.charge(core.runtime.reader.lastCost(core.valueLimits))
    }
  }

  /** A hold on a value of any type but nil. */
  ref(position: number, name?: string): LuaRef {
    if (this.isNil(position)) throw this.#unexpected(position, name, 'value')
    return this.#ref(position)
  }

  /** A hold on a function. */
  function(position: number, name?: string): LuaRef {
    this.#expect(position, name, LuaType.function, 'function')
    return this.#ref(position)
  }

  /** A hold on a table. */
  table(position: number, name?: string): LuaRef {
    this.#expect(position, name, LuaType.table, 'table')
    return this.#ref(position)
  }

  optionalBoolean(position: number, name?: string): boolean | undefined {
    return this.isNil(position) ? undefined : this.boolean(position, name)
  }

  optionalInteger(position: number, name?: string): number | undefined {
    return this.isNil(position) ? undefined : this.integer(position, name)
  }

  optionalNumber(position: number, name?: string): number | undefined {
    return this.isNil(position) ? undefined : this.number(position, name)
  }

  optionalString(position: number, name?: string): string | undefined {
    return this.isNil(position) ? undefined : this.string(position, name)
  }

  optionalBytes(position: number, name?: string): Uint8Array | undefined {
    return this.isNil(position) ? undefined : this.bytes(position, name)
  }

  /** Says of a value at a position that it is not what was asked for. */
  protected abstract complaint(position: number, name: string | undefined, problem: string): string

  /** What has been read was large: this is what that is worth in instructions. */
  protected charge(_instructions: number): void {}

  protected get owner(): VmCore {
    if (this.core?.closed !== false)
      throw new LuaError('closed', 'Lua values are read after their call has ended')
    return this.core
  }

  #type(position: number): number {
    const { runtime } = this.owner
    if (position < 1 || position > this.size) return LuaType.none
    return runtime.wasm.api.lua_type(this.thread, this.base + position)
  }

  #expect(position: number, name: string | undefined, type: number, typeName: string) {
    if (this.#type(position) !== type) throw this.#unexpected(position, name, typeName)
    return this.owner.runtime.wasm
  }

  #text(position: number, name: string | undefined) {
    const type = this.#type(position)
    if (type !== LuaType.string && type !== LuaType.number) throw this.#unexpected(position, name, 'string')
    return this.owner.runtime.text
  }

  #ref(position: number): RegistryRef {
    const { owner } = this
    owner.runtime.wasm.api.lua_pushvalue(this.thread, this.base + position)
    return new RegistryRef(owner)
  }

  #unexpected(position: number, name: string | undefined, expected: string): LuaError {
    return this.#mismatch(position, name, `${expected} expected, got ${this.typeName(position)}`)
  }

  #mismatch(position: number, name: string | undefined, problem: string): LuaError {
    return new LuaError('value', this.complaint(position, name, problem))
  }
}
