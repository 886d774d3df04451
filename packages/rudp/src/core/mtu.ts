import { BASE_DATAGRAM_BYTES } from './limits.ts'

/** Path MTU discovery (RFC 8899). Off by default: see the option. */
export interface MtuOptions {
  /**
   * Look for datagrams larger than 1200 bytes. Correct only where the socket forbids fragmentation (DF), which
   * `node:dgram` cannot; elsewhere a probe may succeed in fragments.
   */
  readonly discovery?: boolean
  /** Never above this, in bytes of UDP payload. Default 1472. */
  readonly maxBytes?: number
}

/** Sizes tried in turn: common tunnels, IPv6 on Ethernet, IPv4 on Ethernet. */
const CANDIDATES_BYTES = [1392, 1452, 1472]
const PROBES_PER_SIZE = 3
const PROBE_SPACING_MS = 500
/** After a search ended, it starts again from the present size (RFC 8899 §5.1.1 PMTU_RAISE_TIMER). */
const RAISE_INTERVAL_MS = 600_000
/** After a black hole, larger sizes are left alone for so long. */
const BLACK_HOLE_COOLDOWN_MS = 60_000
/** So many large packets lost, and none as large acknowledged meanwhile, are a black hole. */
const BLACK_HOLE_LOSSES = 3

/** Datagram packetization layer path MTU discovery for one path. */
export class MtuDiscovery {
  readonly #isEnabled: boolean
  readonly #maxBytes: number
  #currentBytes = BASE_DATAGRAM_BYTES
  #candidate = 0
  #lostProbes = 0
  #isProbeInFlight = false
  #nextProbeMs = 0
  /** Packets larger than the base size lost since one at least as large was acknowledged. */
  #largeLosses = 0
  #smallestLostBytes = Number.POSITIVE_INFINITY

  constructor(options: MtuOptions, nowMs: number) {
    this.#isEnabled = options.discovery ?? false
    this.#maxBytes = options.maxBytes ?? 1472
    this.#nextProbeMs = nowMs + PROBE_SPACING_MS
  }

  /** Largest datagram to send. */
  get currentBytes(): number {
    return this.#currentBytes
  }

  /** When the next probe is due; Infinity = none. */
  get deadlineMs(): number {
    return this.#isEnabled && !this.#isProbeInFlight ? this.#nextProbeMs : Number.POSITIVE_INFINITY
  }

  /** The size to probe now, 0 for none. */
  probeBytes(nowMs: number): number {
    if (nowMs < this.deadlineMs) return 0
    const bytes = this.#candidateBytes()
    if (bytes === 0) this.#endSearch(nowMs, RAISE_INTERVAL_MS)
    return bytes
  }

  /** A probe is due but cannot be sent now. */
  postpone(nowMs: number): void {
    this.#nextProbeMs = nowMs + PROBE_SPACING_MS
  }

  onProbeSent(nowMs: number): void {
    this.#isProbeInFlight = true
    this.#nextProbeMs = nowMs + PROBE_SPACING_MS
  }

  /** @returns whether the size in use has changed */
  onAcked(sizeBytes: number, isProbe: boolean): boolean {
    if (sizeBytes >= this.#smallestLostBytes) this.#forgetLosses()
    if (!isProbe) return false
    this.#isProbeInFlight = false
    this.#lostProbes = 0
    if (sizeBytes <= this.#currentBytes) return false
    this.#currentBytes = sizeBytes
    return true
  }

  /** @returns whether the size in use has changed, because a black hole was found */
  onLost(sizeBytes: number, isProbe: boolean, nowMs: number): boolean {
    if (isProbe) {
      this.#isProbeInFlight = false
      this.#lostProbes++
      if (this.#lostProbes >= PROBES_PER_SIZE) this.#endSearch(nowMs, RAISE_INTERVAL_MS)
      return false
    }
    if (sizeBytes <= BASE_DATAGRAM_BYTES || this.#currentBytes === BASE_DATAGRAM_BYTES) return false
    this.#largeLosses++
    this.#smallestLostBytes = Math.min(this.#smallestLostBytes, sizeBytes)
    if (this.#largeLosses < BLACK_HOLE_LOSSES) return false
    this.reset(nowMs)
    this.#endSearch(nowMs, BLACK_HOLE_COOLDOWN_MS)
    return true
  }

  /** Another path: back to the size every path carries. */
  reset(nowMs: number): void {
    this.#currentBytes = BASE_DATAGRAM_BYTES
    this.#forgetLosses()
    this.#lostProbes = 0
    this.#candidate = 0
    this.#nextProbeMs = nowMs + PROBE_SPACING_MS
  }

  #forgetLosses(): void {
    this.#largeLosses = 0
    this.#smallestLostBytes = Number.POSITIVE_INFINITY
  }

  #candidateBytes(): number {
    while (this.#candidate < CANDIDATES_BYTES.length) {
      const bytes = CANDIDATES_BYTES[this.#candidate]!
      if (bytes > this.#currentBytes && bytes <= this.#maxBytes) return bytes
      this.#candidate++
    }
    return 0
  }

  #endSearch(nowMs: number, pauseMs: number): void {
    this.#candidate = 0
    this.#lostProbes = 0
    this.#nextProbeMs = nowMs + pauseMs
  }
}
