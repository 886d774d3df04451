import { LuaError } from '../errors.ts'
import type { Pointer } from './lua-api.ts'
import type { LuaWasm } from './lua-wasm.ts'

/** Lua code is metered once it has allocated so much. */
const METERED_BYTES = 64 * 1024

/** The part of its limit at which a VM is made to collect its garbage. */
const COLLECT_AT = 0.75

/** What one VM's memory is counted by. */
export interface MemoryAccount {
  usedBytes: number
  readonly limitBytes: number
  /** At so much the VM is to collect its garbage; infinite once it has been told. */
  collectAtBytes: number
}

/**
 * The allocator of every VM (`lua_Alloc`, manual §4.6), one C function for all: its user data is the number
 * of the VM's account. A VM at its limit gets no more, Lua collects its garbage and, if that does not help,
 * raises "not enough memory" in that VM alone.
 */
export class MemoryLedger {
  /** The `lua_Alloc` function. */
  readonly allocator: Pointer
  /**
   * Charges the running VM for bytes of allocation, and answers whether it may go on. This is how a budget
   * reaches into C functions that run long without an instruction: the compiler, `gsub`, `concat`.
   */
  meter: (sizeBytes: number) => boolean = () => true

  /**
   * Tells the running VM to collect its garbage soon. Lua collects by itself when an allocation fails, but
   * not when it is one for the buffers that its string functions build their results in.
   */
  collectSoon: () => void = () => {}
  /** Set when Lua code does not get what it asked for. It may still find enough garbage, or else fails. */
  hasRefused = false

  readonly #wasm: LuaWasm
  readonly #accounts: MemoryAccount[] = []
  readonly #freeIds: number[] = []
  #unmeteredBytes = 0

  constructor(wasm: LuaWasm) {
    this.#wasm = wasm
    this.allocator = wasm.addFunction('iiiii', this.#allocate.bind(this))
  }

  /** Opens an account; the id is the allocator's user data. */
  open(limitBytes: number): { id: number; account: MemoryAccount } {
    const id = this.#freeIds.pop() ?? this.#accounts.length
    const account = { usedBytes: 0, limitBytes, collectAtBytes: limitBytes * COLLECT_AT }
    this.#accounts[id] = account
    return { id, account }
  }

  close(id: number): void {
    this.#freeIds.push(id)
  }

  /** Bytes of allocation that the running call has not been charged for yet. */
  get unmeteredBytes(): number {
    return this.#unmeteredBytes
  }

  /** Forgets what earlier calls left over, so that equal calls are charged alike. */
  restartMetering(unmeteredBytes = 0): void {
    this.#unmeteredBytes = unmeteredBytes
  }

  /** For a new block `oldSize` is Lua's type tag, not a size. */
  #allocate(id: number, block: Pointer, oldSize: number, newSize: number): Pointer {
    const account = this.#accounts[id]
    if (account === undefined) throw new LuaError('fatal', `no memory account ${id}`)
    const { api, isGuest } = this.#wasm
    const oldBytes = block === 0 ? 0 : blockBytes(oldSize)
    if (newSize === 0) {
      api.free(block)
      account.usedBytes -= oldBytes
      return 0
    }
    // Unsigned: a request beyond 2 GiB arrives as a negative number.
    const growth = blockBytes(newSize >>> 0) - oldBytes
    if (growth > 0 && isGuest && !this.#admits(account, growth)) return 0
    const moved = api.realloc(block, newSize)
    if (moved !== 0) account.usedBytes += growth
    else if (isGuest) this.hasRefused = true
    else throw new LuaError('fatal', 'the Lua runtime has no memory left for its host')
    return moved
  }

  #admits(account: MemoryAccount, growthBytes: number): boolean {
    const wantedBytes = account.usedBytes + growthBytes
    if (wantedBytes > account.collectAtBytes) {
      account.collectAtBytes = Number.POSITIVE_INFINITY
      this.collectSoon()
    }
    if (wantedBytes > account.limitBytes) {
      this.hasRefused = true
      this.meter(account.usedBytes) // Lua goes through all of it now to find garbage
      return false
    }
    this.#unmeteredBytes += growthBytes
    if (this.#unmeteredBytes < METERED_BYTES) return true
    const sizeBytes = this.#unmeteredBytes
    this.#unmeteredBytes = 0
    return this.meter(sizeBytes)
  }
}

/** Whether a VM has been told to collect its garbage and has not yet done so. */
export function isCollectionDue(account: MemoryAccount): boolean {
  return account.collectAtBytes === Number.POSITIVE_INFINITY
}

/** Says that a VM has collected its garbage, and when it is to do so again. */
export function hasCollected(account: MemoryAccount): void {
  const { usedBytes, limitBytes } = account
  account.collectAtBytes = Math.max(limitBytes * COLLECT_AT, (usedBytes + limitBytes) / 2)
}

/** What a block of `sizeBytes` costs malloc: a 4-byte header, in steps of 8, at least 16. */
function blockBytes(sizeBytes: number): number {
  return Math.max(16, ((sizeBytes + 11) & ~7) >>> 0)
}
