/** What tests and curious people see of the running game as `window.__arena`; nothing of it can be changed. */
export interface ArenaDebugState {
  readonly status: 'start' | 'joining' | 'playing' | 'reconnecting'
  /** Own slot; undefined outside an arena. */
  readonly me: number | undefined
  readonly roomId: string | undefined
  readonly pingMs: number | undefined
  /** The newest simulation step that the server told of. */
  readonly step: number | undefined
  readonly framesPerSecond: number
  readonly players: readonly {
    readonly slot: number
    readonly name: string
    readonly score: number
    /** Units; undefined while the player is known but not yet shown. */
    readonly x: number | undefined
    readonly y: number | undefined
    readonly isMe: boolean
  }[]
  readonly orbCount: number
}

declare global {
  interface Window {
    readonly __arena?: ArenaDebugState
  }
}

/** Every look at `window.__arena` gives the state of that moment. */
export function exposeDebugState(read: () => ArenaDebugState): void {
  Object.defineProperty(window, '__arena', { get: () => Object.freeze(read()) })
}
