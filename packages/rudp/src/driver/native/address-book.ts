import { HEADER_WORDS, HeaderWord } from '../../endpoint/datagram-batch.ts'
import type { NativeAddon } from './native-addon.ts'

/** Addresses sent to that are remembered; beyond, all are forgotten and learnt anew. */
const MAX_SENT_ENTRIES = 65_536

/** An address as text and as words. */
interface Entry {
  readonly ip: string
  readonly words: Uint32Array
}

/**
 * Translates the addresses of batches between text and the words native code understands. Peers send and are sent to
 * over and over, so both ways remember: no text is made and none is parsed for a datagram of a known peer. What is
 * remembered is bounded, whoever sends from however many forged addresses.
 */
export class AddressBook {
  readonly #addon: NativeAddon
  readonly #isIPv6: boolean
  /** Found by a hash; a newer address takes the place of an older one. */
  readonly #received: (Entry | undefined)[]
  readonly #sent = new Map<string, Uint32Array>()
  readonly #parsed = new Uint32Array(HEADER_WORDS)

  /** @param receivedEntries how many addresses to remember of those that datagrams come from */
  constructor(addon: NativeAddon, isIPv6: boolean, receivedEntries: number) {
    this.#addon = addon
    this.#isIPv6 = isIPv6
    this.#received = new Array<Entry | undefined>(receivedEntries).fill(undefined)
  }

  /** The text of a slot's address. */
  readonly ipOf = (headers: Uint32Array, slot: number): string => {
    const header = slot * HEADER_WORDS
    const index = hashOf(headers, header) % this.#received.length
    const known = this.#received[index]
    if (known !== undefined && isSame(known.words, headers, header)) return known.ip
    const ip = this.#addon.formatAddress(headers, slot)
    this.#received[index] = { ip, words: headers.slice(header, header + HEADER_WORDS) }
    return ip
  }

  /** Writes an address into a slot's header; one that is none becomes what cannot be sent to. */
  write(ip: string, headers: Uint32Array, slot: number): void {
    const header = slot * HEADER_WORDS
    const words = this.#sent.get(ip) ?? this.#learn(ip)
    for (let word = HeaderWord.Family; word < HEADER_WORDS; word += 1)
      headers[header + word] = words[word] ?? 0
  }

  #learn(ip: string): Uint32Array {
    this.#parsed.fill(0)
    this.#addon.parseAddress(ip, 0, this.#isIPv6, this.#parsed)
    if (this.#sent.size >= MAX_SENT_ENTRIES) this.#sent.clear()
    const words = this.#parsed.slice()
    this.#sent.set(ip, words)
    return words
  }
}

function hashOf(headers: Uint32Array, header: number): number {
  let hash = headers[header + HeaderWord.ScopeId] ?? 0
  for (let word = HeaderWord.Address; word < HEADER_WORDS; word += 1) {
    hash = Math.imul(hash ^ (headers[header + word] ?? 0), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

function isSame(words: Uint32Array, headers: Uint32Array, header: number): boolean {
  for (let word = HeaderWord.Family; word < HEADER_WORDS; word += 1) {
    if (words[word] !== headers[header + word]) return false
  }
  return true
}
