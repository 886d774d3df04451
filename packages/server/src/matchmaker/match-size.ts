/** How many players a match may have. */
export interface MatchSize {
  readonly min: number
  readonly max: number
  readonly multiple: number
}

export interface SizedTicket extends MatchSize {
  readonly size: number
}

/** What two rules allow together. */
export function bothSizes(a: MatchSize, b: MatchSize): MatchSize {
  return {
    min: Math.max(a.min, b.min),
    max: Math.min(a.max, b.max),
    multiple: a.multiple === b.multiple ? a.multiple : leastCommonMultiple(a.multiple, b.multiple),
  }
}

/** The most players that a rule allows; below its `min` when it allows none. */
export function largestOf({ max, multiple }: MatchSize): number {
  return max - (max % multiple)
}

export function isSizeAllowed({ min, max, multiple }: MatchSize, players: number): boolean {
  return players >= min && players <= max && players % multiple === 0
}

/** Whether a match of that size, or of more players, is possible. */
export function canReach(size: MatchSize, players: number): boolean {
  return largestOf(size) >= Math.max(size.min, players)
}

/** Whether two tickets can be in one match, as far as players are counted. */
export function canBeTogether(a: SizedTicket, b: SizedTicket): boolean {
  const max = Math.min(a.max, b.max)
  const least = Math.max(a.min, b.min, a.size + b.size)
  if (least > max) return false
  const multiple = a.multiple === b.multiple ? a.multiple : leastCommonMultiple(a.multiple, b.multiple)
  return multiple === 1 || max - (max % multiple) >= least
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return (a / divisor) * b
}
