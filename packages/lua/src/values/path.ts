export type PathKey = string | number

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const MAX_KEY_LENGTH = 64

/** `players[3].pos: problem`, or the problem alone where the path is empty. */
export function formatPath(path: readonly PathKey[], problem: string): string {
  if (path.length === 0) return problem
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (!IDENTIFIER.test(key) || key.length > MAX_KEY_LENGTH)
      text += `[${JSON.stringify(key.slice(0, MAX_KEY_LENGTH))}]`
    else text += text === '' ? key : `.${key}`
  }
  return `${text}: ${problem}`
}
