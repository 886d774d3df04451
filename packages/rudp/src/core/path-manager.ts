import type { PathId } from './connection-options.ts'
import { EMPTY_BYTES } from './empty-bytes.ts'
import { PATH_DATA_BYTES } from './frame-types.ts'
import type { Random } from './random.ts'

/** Bytes sent to an address that has not proved itself, per byte received from it (RFC 9000 §8). */
const AMPLIFICATION_LIMIT = 3
/** A new address is not followed sooner than this after the last attempt. */
const ATTEMPT_SPACING_MS = 1000
const MINUTE_MS = 60_000
/** Challenges on one new address before it is given up. */
const CHALLENGES = 3

/** What `onPacket` found. */
export type PathVerdict = 'known' | 'proposed' | 'returned' | 'refused'

/**
 * Follows the peer from address to address (RFC 9000 §9). A packet that is the newest and comes from elsewhere
 * proposes a path: data goes there at once, within three times what comes from there, until a challenge is
 * answered from there. The old path is challenged too, so that someone who merely repeated the peer's packet
 * from another address loses the flow as soon as the peer says anything.
 */
export class PathManager {
  readonly #random: Random
  readonly #attemptsPerMinute: number
  #active: PathId
  /** The proposed path, -1 for none. */
  #candidate: PathId = -1
  #received = 0
  #sent = 0
  #challengesLeft = 0
  #nextChallengeMs = Number.POSITIVE_INFINITY
  #isOldPathDue = false
  #attemptTimesMs: number[] = []
  /** Made with the first attempt. */
  #challenge: Uint8Array = EMPTY_BYTES
  /** A challenge of the peer that must be answered on the path it came from, -1 for none. */
  #responsePath: PathId = -1
  #response: Uint8Array = EMPTY_BYTES

  constructor(path: PathId, random: Random, attemptsPerMinute: number) {
    this.#active = path
    this.#random = random
    this.#attemptsPerMinute = attemptsPerMinute
  }

  /** The validated path. */
  get active(): PathId {
    return this.#active
  }

  /** Where packets go now. */
  get current(): PathId {
    return this.#candidate >= 0 ? this.#candidate : this.#active
  }

  get isValidating(): boolean {
    return this.#candidate >= 0
  }

  /** What may be sent on the current path now. */
  get budgetBytes(): number {
    return this.#candidate >= 0 ? AMPLIFICATION_LIMIT * this.#received - this.#sent : Number.POSITIVE_INFINITY
  }

  /** When a challenge is to be repeated or the proposed path given up. */
  get deadlineMs(): number {
    return this.#candidate >= 0 ? this.#nextChallengeMs : Number.POSITIVE_INFINITY
  }

  get challengeData(): Uint8Array {
    return this.#challenge
  }

  get responseData(): Uint8Array {
    return this.#response
  }

  /** Where a PATH_RESPONSE must be sent, -1 for nowhere. */
  get responsePath(): PathId {
    return this.#responsePath
  }

  /** Whether the old path must be challenged, once per attempt. */
  get isOldPathDue(): boolean {
    return this.#isOldPathDue
  }

  /** Whether a challenge is due on the proposed path. */
  isChallengeDue(nowMs: number): boolean {
    return this.#candidate >= 0 && this.#challengesLeft > 0 && nowMs >= this.#nextChallengeMs
  }

  /** An authentic packet came on a path. `isNewest`: its number is the largest so far. */
  onPacket(path: PathId, sizeBytes: number, isNewest: boolean, nowMs: number): PathVerdict {
    if (path === this.#candidate) {
      this.#received += sizeBytes
      return 'known'
    }
    if (path === this.#active) {
      if (this.#candidate < 0 || !isNewest) return 'known'
      this.#abandon()
      return 'returned'
    }
    if (!isNewest) return 'known'
    if (!this.#mayAttempt(nowMs)) return 'refused'
    this.#attemptTimesMs.push(nowMs)
    this.#candidate = path
    this.#received = sizeBytes
    this.#sent = 0
    this.#challengesLeft = CHALLENGES
    this.#nextChallengeMs = nowMs
    this.#isOldPathDue = true
    this.#challenge = new Uint8Array(PATH_DATA_BYTES)
    this.#random.fill(this.#challenge)
    return 'proposed'
  }

  /** A datagram goes out on a path. */
  onSent(path: PathId, sizeBytes: number): void {
    if (path === this.#candidate) this.#sent += sizeBytes
  }

  onChallengeSent(probeTimeoutMs: number, nowMs: number): void {
    this.#challengesLeft--
    this.#nextChallengeMs = nowMs + probeTimeoutMs
  }

  onOldPathChallenged(): void {
    this.#isOldPathDue = false
  }

  /** The peer challenges the path its packet came on. Only the newest challenge is answered. */
  onChallenge(path: PathId, buffer: Uint8Array, offset: number): void {
    this.#response = buffer.slice(offset, offset + PATH_DATA_BYTES)
    this.#responsePath = path
  }

  onResponseSent(): void {
    this.#responsePath = -1
  }

  /** A PATH_RESPONSE came on a path. @returns whether it validates the proposed path, which is then active */
  onResponse(path: PathId, buffer: Uint8Array, offset: number): boolean {
    if (path !== this.#candidate) return false
    for (let index = 0; index < PATH_DATA_BYTES; index++) {
      if (this.#challenge[index] !== buffer[offset + index]) return false
    }
    this.#active = path
    this.#abandon()
    return true
  }

  /** @returns whether the proposed path was given up, because it did not answer */
  onTimeout(nowMs: number): boolean {
    if (this.#candidate < 0 || this.#challengesLeft > 0 || nowMs < this.#nextChallengeMs) return false
    this.#abandon()
    return true
  }

  #abandon(): void {
    this.#candidate = -1
    this.#isOldPathDue = false
    this.#nextChallengeMs = Number.POSITIVE_INFINITY
  }

  #mayAttempt(nowMs: number): boolean {
    this.#attemptTimesMs = this.#attemptTimesMs.filter((timeMs) => nowMs - timeMs < MINUTE_MS)
    const last = this.#attemptTimesMs.at(-1) ?? Number.NEGATIVE_INFINITY
    return this.#attemptTimesMs.length < this.#attemptsPerMinute && nowMs - last >= ATTEMPT_SPACING_MS
  }
}
