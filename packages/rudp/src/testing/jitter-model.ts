import type { SeededRandom } from './random.ts'

/** Delay that differs from datagram to datagram, on top of a link's fixed delay. */
export type JitterModel =
  | { readonly kind: 'none' }
  /** 0 … maxMs, all equally likely. */
  | { readonly kind: 'uniform'; readonly maxMs: number }
  /** Around the fixed delay, earlier as often as later; a total delay below 0 becomes 0. */
  | { readonly kind: 'normal'; readonly stdDevMs: number }
  /**
   * Mostly small, now and then huge (Lomax, a Pareto distribution that starts at 0): the mean is
   * scaleMs / (shape - 1) for a shape above 1, and the tail is cut at maxMs.
   */
  | { readonly kind: 'pareto'; readonly scaleMs: number; readonly shape: number; readonly maxMs: number }

/** Draws the jitter of one datagram in milliseconds; negative only for the normal distribution. */
export function drawJitterMs(model: JitterModel, random: SeededRandom): number {
  switch (model.kind) {
    case 'none':
      return 0
    case 'uniform':
      return random.next() * model.maxMs
    case 'normal':
      return random.normal() * model.stdDevMs
    case 'pareto':
      return Math.min(model.maxMs, model.scaleMs * ((1 - random.next()) ** (-1 / model.shape) - 1))
    default:
      return model satisfies never
  }
}
