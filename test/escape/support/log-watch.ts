import type { LogLine } from '../../support/test-server.ts'

/** As many lines are kept to be looked at; the others are only counted. */
const KEPT_LINES = 2_000

/** What a server logs during one attack: the lines, how many there were, and the longest. */
export class LogWatch {
  readonly lines: LogLine[] = []
  lineCount = 0
  longestLineChars = 0

  /** The server's logger writes here. */
  write(line: string): void {
    this.lineCount++
    this.longestLineChars = Math.max(this.longestLineChars, line.length)
    if (this.lines.length < KEPT_LINES) this.lines.push(JSON.parse(line) as LogLine)
  }

  clear(): void {
    this.lines.length = 0
    this.lineCount = 0
    this.longestLineChars = 0
  }
}
