import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const SAMPLE_US = 500

/** Profiles the thread that runs this. */
export class ThreadProfile {
  readonly #session = new Session()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
    this.#session.post('Profiler.start')
  }

  /** Writes what it saw; Chromium and VS Code open such files. */
  stop(file: string): void {
    this.#session.post('Profiler.stop', (error, result) => {
      if (error !== null) throw error
      writeFileSync(file, JSON.stringify(result.profile))
    })
    this.#session.disconnect()
  }
}
