const GOOD_MS = 80
const FAIR_MS = 180

/** The round trip to the server, in numbers and in colour. */
export class Ping {
  readonly #element: HTMLElement

  constructor(element: HTMLElement) {
    this.#element = element
  }

  /** @param latencyMs undefined while nothing is known */
  show(latencyMs: number | undefined): void {
    this.#element.textContent = latencyMs === undefined ? '… ms' : `${Math.round(latencyMs)} ms`
    this.#element.dataset.quality = quality(latencyMs)
  }
}

function quality(latencyMs: number | undefined): 'unknown' | 'good' | 'fair' | 'poor' {
  if (latencyMs === undefined) return 'unknown'
  if (latencyMs <= GOOD_MS) return 'good'
  return latencyMs <= FAIR_MS ? 'fair' : 'poor'
}
