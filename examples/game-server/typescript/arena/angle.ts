/**
 * Sine, cosine and arctangent, built from arithmetic that every machine rounds alike. The libraries of languages differ
 * in the last bit, and in a crowd that bumps into each other the last bit decides who is where a minute later: with
 * these, the same inputs give the same game in TypeScript and in Lua (`lua/arena/angle.lua`).
 */

const HALF_PI = Math.PI / 2

/** @param radians a few turns at most */
export function sin(radians: number): number {
  return wave(radians, 0)
}

/** @param radians a few turns at most */
export function cos(radians: number): number {
  return wave(radians, 1)
}

/** The direction of a vector in radians, to a hundred-millionth; 0 for the vector without length. */
export function angleOf(x: number, y: number): number {
  const wide = Math.abs(x)
  const high = Math.abs(y)
  const long = Math.max(wide, high)
  const short = Math.min(wide, high)
  if (long === 0) return 0
  // (t - 1) / (t + 1) turns by an eighth, so that the series below gets small numbers only.
  const isSteep = short > 0.4 * long
  const t = isSteep ? (short - long) / (short + long) : short / long
  const s = t * t
  let turn =
    t *
    (1 -
      s *
        (1 / 3 -
          s * (1 / 5 - s * (1 / 7 - s * (1 / 9 - s * (1 / 11 - s * (1 / 13 - s * (1 / 15 - s / 17))))))))
  if (isSteep) turn += Math.PI / 4
  if (high > wide) turn = HALF_PI - turn
  if (x < 0) turn = Math.PI - turn
  return y < 0 ? -turn : turn
}

/** The sine of `radians` plus so many quarters of a turn. */
function wave(radians: number, quarters: number): number {
  const nearest = Math.floor(radians / HALF_PI + 0.5)
  const rest = radians - nearest * HALF_PI
  const quadrant = (nearest + quarters) & 3
  const value = quadrant % 2 === 0 ? sinNearZero(rest) : cosNearZero(rest)
  return quadrant < 2 ? value : -value
}

/** Taylor's series, to the last digit of a double within an eighth of a turn. */
function sinNearZero(x: number): number {
  const s = x * x
  return (
    x *
    (1 -
      (s / 6) *
        (1 - (s / 20) * (1 - (s / 42) * (1 - (s / 72) * (1 - (s / 110) * (1 - (s / 156) * (1 - s / 210)))))))
  )
}

function cosNearZero(x: number): number {
  const s = x * x
  return (
    1 -
    (s / 2) *
      (1 -
        (s / 12) *
          (1 -
            (s / 30) * (1 - (s / 56) * (1 - (s / 90) * (1 - (s / 132) * (1 - (s / 182) * (1 - s / 240)))))))
  )
}
