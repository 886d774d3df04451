import { HEADER_WORDS, HeaderWord } from '../../endpoint/datagram-batch.ts'
import type { NativeAddon } from './native-addon.ts'

/** Addresses sent to that are remembered; beyond, all are forgotten and learnt anew. */
const MAX_SENT_ENTRIES = 65_536
/** Received addresses whose hashes agree that are remembered together; a newer one takes the oldest one's place. */
const BUCKET_ENTRIES = 4

/** An address as text and as the words of a header, signed because V8 keeps such numbers without an object. */
interface Entry {
  readonly ip: string
  readonly family: number
  readonly scopeId: number
  readonly word0: number
  readonly word1: number
  readonly word2: number
  readonly word3: number
}

/**
 * Translates the addresses of batches between text and the words native code understands. Peers send and are sent to
 * over and over, so both ways remember: no text is made and none is parsed for a datagram of a known peer. What is
 * remembered is bounded, whoever sends from however many forged addresses.
 */
export class AddressBook {
  readonly #addon: NativeAddon
  readonly #isIPv6: boolean
  readonly #received: (Entry | undefined)[]
  readonly #buckets: number
  readonly #sent = new Map<string, Entry>()
  readonly #parsed = new Uint32Array(HEADER_WORDS)

  /** @param buckets how many times {@link BUCKET_ENTRIES} received addresses to remember */
  constructor(addon: NativeAddon, isIPv6: boolean, buckets: number) {
    this.#addon = addon
    this.#isIPv6 = isIPv6
    this.#buckets = buckets
    this.#received = new Array<Entry | undefined>(buckets * BUCKET_ENTRIES).fill(undefined)
  }

  /** The text of a slot's address. */
  readonly ipOf = (headers: Uint32Array, slot: number): string => {
    const header = slot * HEADER_WORDS
    const bucket = this.#bucketOf(headers, header)
    const known = this.#find(bucket, headers, header)
    if (known !== undefined) return known.ip
    const ip = this.#addon.formatAddress(headers, slot)
    this.#received.copyWithin(bucket + 1, bucket, bucket + BUCKET_ENTRIES - 1)
    this.#received[bucket] = entryOf(ip, headers, header)
    return ip
  }

  /** Writes an address into a slot's header; one that is none becomes what cannot be sent to. */
  write(ip: string, headers: Uint32Array, slot: number): void {
    const header = slot * HEADER_WORDS
    const entry = this.#sent.get(ip) ?? this.#learn(ip)
    headers[header + HeaderWord.Family] = entry.family
    headers[header + HeaderWord.ScopeId] = entry.scopeId
    headers[header + HeaderWord.Address] = entry.word0
    headers[header + HeaderWord.Address + 1] = entry.word1
    headers[header + HeaderWord.Address + 2] = entry.word2
    headers[header + HeaderWord.Address + 3] = entry.word3
  }

  #bucketOf(headers: Uint32Array, header: number): number {
    return (hashOf(headers, header) % this.#buckets) * BUCKET_ENTRIES
  }

  #find(bucket: number, headers: Uint32Array, header: number): Entry | undefined {
    for (let index = bucket; index < bucket + BUCKET_ENTRIES; index += 1) {
      const entry = this.#received[index]
      if (entry === undefined || isSame(entry, headers, header)) return entry
    }
    return undefined
  }

  #learn(ip: string): Entry {
    this.#parsed.fill(0)
    this.#addon.parseAddress(ip, 0, this.#isIPv6, this.#parsed)
    if (this.#sent.size >= MAX_SENT_ENTRIES) this.#sent.clear()
    // One entry for both directions: with thousands of peers it is the processor's cache that counts.
    const known = this.#find(this.#bucketOf(this.#parsed, 0), this.#parsed, 0)
    const entry = known?.ip === ip ? known : entryOf(ip, this.#parsed, 0)
    this.#sent.set(ip, entry)
    return entry
  }
}

function wordOf(headers: Uint32Array, index: number): number {
  return (headers[index] ?? 0) | 0
}

function entryOf(ip: string, headers: Uint32Array, header: number): Entry {
  return {
    ip,
    family: wordOf(headers, header + HeaderWord.Family),
    scopeId: wordOf(headers, header + HeaderWord.ScopeId),
    word0: wordOf(headers, header + HeaderWord.Address),
    word1: wordOf(headers, header + HeaderWord.Address + 1),
    word2: wordOf(headers, header + HeaderWord.Address + 2),
    word3: wordOf(headers, header + HeaderWord.Address + 3),
  }
}

function hashOf(headers: Uint32Array, header: number): number {
  let hash = wordOf(headers, header + HeaderWord.ScopeId)
  for (let word = HeaderWord.Address; word < HEADER_WORDS; word += 1) {
    hash = Math.imul(hash ^ wordOf(headers, header + word), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

function isSame(entry: Entry, headers: Uint32Array, header: number): boolean {
  return (
    entry.word0 === wordOf(headers, header + HeaderWord.Address) &&
    entry.word1 === wordOf(headers, header + HeaderWord.Address + 1) &&
    entry.word2 === wordOf(headers, header + HeaderWord.Address + 2) &&
    entry.word3 === wordOf(headers, header + HeaderWord.Address + 3) &&
    entry.scopeId === wordOf(headers, header + HeaderWord.ScopeId) &&
    entry.family === wordOf(headers, header + HeaderWord.Family)
  )
}
