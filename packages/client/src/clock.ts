/** A timer that has not fired yet. */
export interface ClientTimer {
  cancel(): void
}

/** Everything the client knows of time. Injected, so that tests step it by hand. */
export interface ClientClock {
  /** Unix time in milliseconds with a fraction; never goes back while the client lives. */
  nowMs(): number
  /** Calls back once, no earlier than `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): ClientTimer
}

/** Platforms fire a timer above this at once, as if it had overflowed. */
const MAX_DELAY_MS = 0x7fff_ffff

/** The clock of the browser or of Node. */
export function platformClock(): ClientClock {
  return {
    nowMs: () => performance.timeOrigin + performance.now(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS))
      return { cancel: () => clearTimeout(timer) }
    },
  }
}
