import { DROP_REASONS, type DropReason } from './connection-stats.ts'

const REASON_NUMBERS: ReadonlyMap<DropReason, number> = new Map(
  DROP_REASONS.map((reason, number) => [reason, number]),
)

/** One counter per reason for which something was refused. */
export class DropCounters {
  /** Made with the first drop: most connections never see one. */
  #counts: Float64Array | undefined

  count(reason: DropReason): void {
    this.#counts ??= new Float64Array(DROP_REASONS.length)
    this.#counts[dropReasonNumber(reason)]!++
  }

  snapshot(): Record<DropReason, number> {
    const record: Partial<Record<DropReason, number>> = {}
    for (const [reason, number] of REASON_NUMBERS) record[reason] = this.#counts?.[number] ?? 0
    return record as Record<DropReason, number>
  }
}

/** The number of a reason in the event ring. */
export function dropReasonNumber(reason: DropReason): number {
  return REASON_NUMBERS.get(reason) ?? -1
}
