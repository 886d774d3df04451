const MAX_CHARACTERS = 16
/** Half of a surrogate pair: no text. */
const HALF_A_CHARACTER = /\p{Surrogate}/u

export const botNames: readonly string[] = [
  'Nova',
  'Mochi',
  'Ziggy',
  'Pixel',
  'Comet',
  'Waffle',
  'Juno',
  'Biscuit',
  'Orbit',
  'Pippin',
  'Echo',
  'Tango',
  'Sprout',
  'Vega',
  'Noodle',
  'Rocket',
  'Indigo',
  'Pebble',
  'Atlas',
  'Kiwi',
  'Blitz',
  'Maple',
  'Quark',
  'Olive',
  'Zephyr',
  'Clover',
  'Turbo',
  'Luna',
  'Pickle',
  'Astro',
  'Fig',
  'Bramble',
  'Dash',
  'Ember',
  'Tofu',
  'Rio',
  'Saffron',
  'Moss',
  'Bolt',
  'Poppy',
  'Gizmo',
  'Hazel',
  'Onyx',
  'Peanut',
  'Cosmo',
  'Wren',
  'Radish',
  'Flint',
  'Iris',
  'Chip',
]

/**
 * Makes a name fit to be shown: one line, nothing invisible, no surrounding or repeated blanks, 16 characters.
 * @returns undefined when nothing is left of it
 */
export function cleanName(raw: unknown): string | undefined {
  if (typeof raw !== 'string' || HALF_A_CHARACTER.test(raw)) return undefined
  const characters: string[] = []
  for (const given of raw) {
    const character = isInvisible(given.codePointAt(0) ?? 0) ? ' ' : given
    const followsBlank = characters.length === 0 || characters.at(-1) === ' '
    if (characters.length < MAX_CHARACTERS && !(character === ' ' && followsBlank)) characters.push(character)
  }
  if (characters.at(-1) === ' ') characters.pop()
  return characters.length === 0 ? undefined : characters.join('')
}

/**
 * For people who gave no name.
 * @param random from 0 to just below 1
 */
export function guestName(random: number): string {
  return `Guest ${100 + Math.floor(random * 900)}`
}

/** Characters without a shape of their own, which could hide or turn around other text. */
function isInvisible(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code <= 0x9f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff
  )
}
