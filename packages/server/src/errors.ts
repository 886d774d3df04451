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

/** A script failed while it was loaded, in another thread. */
export class ScriptLoadError extends Error {
  override readonly name = 'ScriptLoadError'
  /** Of Lua; may be empty. */
  readonly traceback: string

  constructor(message: string, traceback: string) {
    super(message)
    this.traceback = traceback
  }
}
