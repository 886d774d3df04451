import { performance } from 'node:perf_hooks'

export interface TimerHandle {
  cancel(): void
}

/** Everything the server knows of time. Injected, so that tests step it by hand. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; all threads of a process count from the same moment. */
  nowMs(): number
  /** Unix time in milliseconds with a fraction; never jumps backwards within a process. */
  unixMs(): number
  /** Calls back once, no earlier than `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): TimerHandle
  /** Calls back once, after the work at hand: the next turn of the event loop. */
  defer(callback: () => void): void
}

/** The process's own clock. */
export function systemClock(): Clock {
  // Each thread's `performance.now` counts from its own start.
  const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  const unixOriginMs = performance.timeOrigin
  return {
    nowMs: () => originMs + performance.now(),
    unixMs: () => unixOriginMs + performance.now(),
    setTimer(callback, delayMs) {
      // A fraction would be cut off, and whoever comes early has to wait once more.
      const timer = setTimeout(callback, Math.ceil(delayMs))
      return { cancel: () => clearTimeout(timer) }
    },
    defer(callback) {
      setImmediate(callback)
    },
  }
}
