const UNREACHABLE = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENETUNREACH']
const ERROR_PREFIX = 'npm error '
const CODE_PREFIX = 'code '

/** Says in one line why an installation did not succeed, from what npm wrote on standard error. */
export function npmFailure(stderr: string): string {
  const errors = stderr
    .split('\n')
    .filter((line) => line.startsWith(ERROR_PREFIX))
    .map((line) => line.slice(ERROR_PREFIX.length).trim())
  const code = errors.find((line) => line.startsWith(CODE_PREFIX))?.slice(CODE_PREFIX.length)
  if (code !== undefined && UNREACHABLE.includes(code)) return `the npm registry cannot be reached (${code})`
  const [reason] = errors.filter((line) => !line.startsWith(CODE_PREFIX) && line !== '')
  return ['npm could not install it', code, reason].filter((part) => part !== undefined).join(': ')
}
