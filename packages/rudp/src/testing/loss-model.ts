import type { SeededRandom } from './random.ts'

/** Which datagrams a link loses on its own account (queues, MTU and blackouts are counted apart). */
export type LossModel =
  | { readonly kind: 'none' }
  /** Each datagram on its own, with this probability. */
  | { readonly kind: 'uniform'; readonly rate: number }
  /**
   * Gilbert–Elliott: a chain of two states that may change state before each datagram, with its own loss rate in
   * each state. It starts in the good one.
   */
  | {
      readonly kind: 'gilbert-elliott'
      readonly goodToBad: number
      readonly badToGood: number
      readonly lossInGood: number
      readonly lossInBad: number
    }

/** Every datagram is lost with the same probability (0 … 1), whatever happened to the others. */
export function uniformLoss(rate: number): LossModel {
  return { kind: 'uniform', rate }
}

/**
 * Losses that come in bursts: nothing is lost between bursts, everything within.
 * @param rate share of datagrams lost in the long run, 0 … below 1
 * @param meanBurst mean datagrams per burst, at least 1
 */
export function burstLoss(rate: number, meanBurst: number): LossModel {
  const badToGood = 1 / meanBurst
  return {
    kind: 'gilbert-elliott',
    // In equilibrium rate = goodToBad / (goodToBad + badToGood).
    goodToBad: Math.min(1, (rate * badToGood) / (1 - rate)),
    badToGood,
    lossInGood: 0,
    lossInBad: 1,
  }
}

/** The state of one link's loss model. */
export class LossProcess {
  readonly #random: SeededRandom
  #isBad = false

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Whether the next datagram is lost. */
  isNextLost(model: LossModel): boolean {
    switch (model.kind) {
      case 'none':
        return false
      case 'uniform':
        return this.#random.chance(model.rate)
      case 'gilbert-elliott':
        if (this.#random.chance(this.#isBad ? model.badToGood : model.goodToBad)) this.#isBad = !this.#isBad
        return this.#random.chance(this.#isBad ? model.lossInBad : model.lossInGood)
      default:
        return model satisfies never
    }
  }
}
