/** Samples of an exposition text (version 0.0.4), by name. */
export class MetricsText {
  readonly #samples = new Map<string, { readonly labels: string; readonly value: number }[]>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line)
      if (match === null) continue
      const [, name = '', labels = '', value = ''] = match
      const samples = this.#samples.get(name) ?? []
      samples.push({ labels, value: Number(value) })
      this.#samples.set(name, samples)
    }
  }

  /** Of all samples of this name, whatever their labels; or only of those with one label, as `name="value"`. */
  sum(name: string, label = ''): number {
    const samples = this.#samples.get(name) ?? []
    return samples.reduce((sum, { labels, value }) => (labels.includes(label) ? sum + value : sum), 0)
  }

  /** Cumulative counts of a histogram by upper bound, samples of other labels added together, ascending. */
  buckets(name: string): Bucket[] {
    const counts = new Map<number, number>()
    for (const { labels, value } of this.#samples.get(`${name}_bucket`) ?? []) {
      const bound = /\ble="([^"]+)"/.exec(labels)?.[1]
      if (bound === undefined) continue
      const upTo = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)
      counts.set(upTo, (counts.get(upTo) ?? 0) + value)
    }
    return [...counts].map(([upTo, count]) => ({ upTo, count })).sort((one, other) => one.upTo - other.upTo)
  }
}

/** How many observations were `upTo` or less. */
export interface Bucket {
  readonly upTo: number
  readonly count: number
}
