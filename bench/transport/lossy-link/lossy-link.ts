import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { LineProcess } from '../processes/line-process.ts'

const NAMESPACE_PREFIX = 'kaosbench-'

/** One side of the link: a network namespace of its own. */
export interface LinkEnd {
  readonly ip: string
  /** Runs a command inside the namespace when put in front of it. */
  readonly commandPrefix: readonly string[]
}

/** IP packets of one direction since the last time they were counted. */
export interface DirectionStats {
  readonly passed: number
  readonly lost: number
  /** Dropped because the bridge's own queue was full: should be 0. */
  readonly overflowed: number
  /** Not taken by the kernel: should be 0. */
  readonly failed: number
  /** The latest that the bridge let a packet out after its time, in microseconds. */
  readonly lateUsMax: number
}

/**
 * Two network namespaces joined by a program that delays and loses whole IP packets, TCP's and UDP's alike.
 * Needs what `missingForLossyLink` asks for.
 */
export class LossyLink {
  readonly near: LinkEnd
  readonly far: LinkEnd
  readonly #id: string
  readonly #bridge: LineProcess
  readonly #closeOnExit = (): void => this.close()

  private constructor(bridgeProgram: string, seed: number) {
    this.#id = String(process.pid)
    this.near = linkEnd(this.#id, 'a', '10.77.0.1')
    this.far = linkEnd(this.#id, 'b', '10.77.0.2')
    process.once('exit', this.#closeOnExit)
    this.#bridge = new LineProcess('The bridge', [
      bridgeProgram,
      device(this.#id, 'a'),
      device(this.#id, 'b'),
      String(seed),
    ])
  }

  /**
   * @param bridgeProgram the compiled `tun-bridge.c`
   * @throws Error when the system does not allow it; nothing is left behind then
   */
  static async open(bridgeProgram: string, seed: number): Promise<LossyLink> {
    removeLeftovers()
    const link = new LossyLink(bridgeProgram, seed)
    try {
      await link.#join()
      return link
    } catch (error) {
      link.close()
      throw error
    }
  }

  /** @param lossRate share of packets lost in each direction, 0 … 1 */
  async setConditions(conditions: { oneWayDelayMs: number; lossRate: number }): Promise<void> {
    const { oneWayDelayMs, lossRate } = conditions
    await this.#bridge.command(`link ${Math.round(oneWayDelayMs * 1000)} ${lossRate} ${lossRate}`)
  }

  /** What happened from near to far, and from far to near, since the last call. */
  async stats(): Promise<readonly [DirectionStats, DirectionStats]> {
    return JSON.parse(await this.#bridge.command('stats')) as [DirectionStats, DirectionStats]
  }

  /** Removes the devices and namespaces. Stop what runs in them first. Harmless when repeated. */
  close(): void {
    process.off('exit', this.#closeOnExit)
    this.#bridge.kill()
    for (const side of ['a', 'b']) removeNamespace(namespace(this.#id, side))
  }

  async #join(): Promise<void> {
    for (const side of ['a', 'b']) ip('netns', 'add', namespace(this.#id, side))
    await this.#bridge.nextLine()
    for (const [side, end, peer] of [
      ['a', this.near, this.far],
      ['b', this.far, this.near],
    ] as const) {
      const inside = namespace(this.#id, side)
      const tun = device(this.#id, side)
      ip('link', 'set', tun, 'netns', inside)
      ip('-n', inside, 'address', 'add', end.ip, 'peer', peer.ip, 'dev', tun)
      ip('-n', inside, 'link', 'set', 'lo', 'up')
      ip('-n', inside, 'link', 'set', tun, 'txqueuelen', '5000', 'up')
    }
  }
}

function linkEnd(id: string, side: string, address: string): LinkEnd {
  return { ip: address, commandPrefix: ['ip', 'netns', 'exec', namespace(id, side)] }
}

function namespace(id: string, side: string): string {
  return `${NAMESPACE_PREFIX}${id}${side}`
}

/** Device names have 15 characters at most; process ids have seven. */
function device(id: string, side: string): string {
  return `kbench${id}${side}`
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function removeNamespace(name: string): void {
  try {
    ip('netns', 'delete', name)
  } catch {
    // It was never made, or is gone already.
  }
}

/** A benchmark that was killed could not clean up after itself. */
function removeLeftovers(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const name = line.split(' ')[0] ?? ''
    if (!name.startsWith(NAMESPACE_PREFIX)) continue
    const owner = Number.parseInt(name.slice(NAMESPACE_PREFIX.length), 10)
    if (!existsSync(`/proc/${owner}`)) removeNamespace(name)
  }
}
