import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Methods of one benchmark process, as its parent calls them. Arguments and results cross as JSON. */
export type ProcessApi = { [method: string]: (argument: never) => Promise<unknown> }

interface Call {
  readonly method: string
  readonly argument: unknown
}

type Reply = { readonly result: unknown } | { readonly error: string }

/**
 * Answers the parent's calls with these methods, one at a time, and ends this process when the parent is gone.
 * For the first line of a process that {@link BenchProcess} started.
 */
export function serveParent(api: ProcessApi): void {
  process.on('message', (call: Call) => {
    const method = api[call.method]
    if (method === undefined) throw new Error(`No method ${call.method}`)
    method.call(api, call.argument as never).then(
      (result) => reply({ result }),
      (error: unknown) =>
        reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}

function reply(message: Reply): void {
  process.send?.(message)
}

export interface BenchProcessOptions {
  /** For error messages. */
  readonly name: string
  /** The compiled module that calls {@link serveParent}. */
  readonly module: URL
  /** What to run it through, for example `['taskset', '-c', '0']`. */
  readonly prefix: readonly string[]
  /** A call that takes longer fails, so that a row which hangs does not hang the benchmark. */
  readonly answerWithinMs: number
}

/** A process of the benchmark, called from its parent. */
export class BenchProcess<Api> {
  readonly #name: string
  readonly #answerWithinMs: number
  readonly #child: ChildProcess
  #settle: ((reply: Reply) => void) | undefined
  #failure: string | undefined

  constructor({ name, module, prefix, answerWithinMs }: BenchProcessOptions) {
    this.#name = name
    this.#answerWithinMs = answerWithinMs
    const [command = process.execPath, ...args] = [...prefix, process.execPath, fileURLToPath(module)]
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    if (this.#child.stderr !== null) {
      createInterface(this.#child.stderr).on('line', (line) => process.stderr.write(`${name}: ${line}\n`))
    }
    this.#child.on('message', (reply: Reply) => this.#finish(reply))
    this.#child.on('error', (error) => this.#fail(error.message))
    this.#child.on('exit', (code, signal) => this.#fail(`ended with ${signal ?? `code ${code}`}`))
  }

  /**
   * Calls a method of the process.
   * @throws Error when the method fails there, or when the process ends or takes too long before it has answered
   */
  call<Method extends keyof Api & string>(
    method: Method,
    argument: ArgumentOf<Api[Method]>,
  ): Promise<ResultOf<Api[Method]>> {
    return new Promise((resolve, reject) => {
      if (this.#settle !== undefined) throw new Error(`${this.#name} is still busy`)
      const timer = setTimeout(() => {
        this.#finish({ error: `no answer to ${method} within ${this.#answerWithinMs} ms` })
      }, this.#answerWithinMs)
      this.#settle = (reply) => {
        clearTimeout(timer)
        if ('error' in reply) reject(new Error(`${this.#name}: ${reply.error}`))
        else resolve(reply.result as ResultOf<Api[Method]>)
      }
      if (this.#failure !== undefined) this.#finish({ error: this.#failure })
      else this.#child.send({ method, argument } satisfies Call)
    })
  }

  /** Ends the process. Harmless when repeated. */
  async stop(): Promise<void> {
    if (this.#failure !== undefined) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.connected) this.#child.disconnect()
    const killTimer = setTimeout(() => this.#child.kill('SIGKILL'), 2000)
    await ended
    clearTimeout(killTimer)
  }

  #fail(failure: string): void {
    this.#failure ??= failure
    this.#finish({ error: failure })
  }

  #finish(reply: Reply): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(reply)
  }
}

type ArgumentOf<Method> = Method extends (argument: infer Argument) => unknown ? Argument : never
type ResultOf<Method> = Method extends (argument: never) => Promise<infer Result> ? Result : never
