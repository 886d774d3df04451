/** A port that the server needs is taken; the message says so in one line. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError'

  constructor(port: number, kind: 'TCP' | 'UDP', cause: unknown) {
    const what = kind === 'TCP' ? 'port' : 'UDP port'
    super(`${what} ${port} is in use: choose another with --port or KAOSNET_PORT (0 = any free one)`, {
      cause,
    })
  }
}
