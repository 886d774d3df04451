import type { JitterModel } from './jitter-model.ts'
import type { LossModel } from './loss-model.ts'

/**
 * What a link does to the datagrams of one direction. A datagram meets them in this order: blackout, filter,
 * size limit, loss, queue and bandwidth, delay with jitter and reordering, duplication, and, for each copy,
 * corruption and truncation. All rates are probabilities per datagram, 0 … 1.
 */
export interface LinkConditions {
  /** Propagation delay in milliseconds. */
  readonly delayMs: number
  readonly jitter: JitterModel
  /** Keeps arrivals in order of sending in spite of jitter, as a queue does; reordering below still applies. */
  readonly keepsOrder: boolean
  readonly loss: LossModel
  /** How many datagrams are held back so that later ones overtake them. */
  readonly reorderRate: number
  /** A reordered datagram is held back by 0 … this many milliseconds, all equally likely. */
  readonly reorderDelayMs: number
  /** How many datagrams arrive twice; the second copy draws its own delay. */
  readonly duplicateRate: number
  /** How many copies arrive with one to three bits flipped. */
  readonly corruptRate: number
  /** How many copies arrive cut short at a random place. */
  readonly truncateRate: number
  /** Bottleneck rate, Infinity for none. */
  readonly bandwidthBytesPerSecond: number
  /** Bytes that may wait at the bottleneck, the datagram being sent included; what does not fit is dropped. */
  readonly queueBytes: number
  /** Counted per datagram at the bottleneck on top of its payload: IPv4 and UDP headers take 28 bytes. */
  readonly overheadBytes: number
  /** Larger payloads vanish without a trace: an MTU black hole. */
  readonly maxDatagramBytes: number
  /** Nothing passes. Datagrams already under way still arrive. */
  readonly isBlackout: boolean
}

/** A perfect link: no delay, no limit, nothing lost. */
export const PERFECT_LINK: LinkConditions = Object.freeze<LinkConditions>({
  delayMs: 0,
  jitter: { kind: 'none' },
  keepsOrder: false,
  loss: { kind: 'none' },
  reorderRate: 0,
  reorderDelayMs: 0,
  duplicateRate: 0,
  corruptRate: 0,
  truncateRate: 0,
  bandwidthBytesPerSecond: Number.POSITIVE_INFINITY,
  queueBytes: Number.POSITIVE_INFINITY,
  overheadBytes: 28,
  maxDatagramBytes: Number.POSITIVE_INFINITY,
  isBlackout: false,
})

/**
 * Checks every number, so that a scenario with a typing error fails at once and not by odd results.
 * @throws RangeError that names the first bad condition
 */
export function checkConditions(conditions: LinkConditions): void {
  const { loss, jitter } = conditions
  checkRange('reorderRate', conditions.reorderRate, 0, 1)
  checkRange('duplicateRate', conditions.duplicateRate, 0, 1)
  checkRange('corruptRate', conditions.corruptRate, 0, 1)
  checkRange('truncateRate', conditions.truncateRate, 0, 1)
  checkRange('delayMs', conditions.delayMs, 0, Number.MAX_VALUE)
  checkRange('reorderDelayMs', conditions.reorderDelayMs, 0, Number.MAX_VALUE)
  checkRange('bandwidthBytesPerSecond', conditions.bandwidthBytesPerSecond, 1, Number.POSITIVE_INFINITY)
  checkRange('queueBytes', conditions.queueBytes, 0, Number.POSITIVE_INFINITY)
  checkRange('overheadBytes', conditions.overheadBytes, 0, Number.MAX_VALUE)
  checkRange('maxDatagramBytes', conditions.maxDatagramBytes, 0, Number.POSITIVE_INFINITY)
  if (loss.kind === 'uniform') checkRange('loss.rate', loss.rate, 0, 1)
  if (loss.kind === 'gilbert-elliott') {
    checkRange('loss.goodToBad', loss.goodToBad, 0, 1)
    checkRange('loss.badToGood', loss.badToGood, 0, 1)
    checkRange('loss.lossInGood', loss.lossInGood, 0, 1)
    checkRange('loss.lossInBad', loss.lossInBad, 0, 1)
  }
  if (jitter.kind === 'uniform') checkRange('jitter.maxMs', jitter.maxMs, 0, Number.MAX_VALUE)
  if (jitter.kind === 'normal') checkRange('jitter.stdDevMs', jitter.stdDevMs, 0, Number.MAX_VALUE)
  if (jitter.kind === 'pareto') {
    checkRange('jitter.scaleMs', jitter.scaleMs, 0, Number.MAX_VALUE)
    checkRange('jitter.shape', jitter.shape, Number.MIN_VALUE, Number.MAX_VALUE)
    checkRange('jitter.maxMs', jitter.maxMs, 0, Number.MAX_VALUE)
  }
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`Link condition ${name} is ${value}, but must be in ${least} … ${most}`)
  }
}
