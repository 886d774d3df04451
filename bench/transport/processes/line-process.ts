import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** A program that answers in lines, and ends when this process does. */
export class LineProcess {
  readonly #name: string
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  /** @param commandLine the program and its arguments */
  constructor(name: string, commandLine: readonly string[]) {
    const [command = '', ...args] = commandLine
    this.#name = name
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    // Without listeners these would end the benchmark; the missing line reports them.
    this.#child.on('error', () => {})
    this.#child.stdin.on('error', () => {})
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  /** @throws Error when the program has ended instead */
  async nextLine(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error(`${this.#name} has ended`)
    return value
  }

  /** Sends a line and returns the next one. */
  command(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`)
    return this.nextLine()
  }

  /** Ends the program at once. Harmless when repeated. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
