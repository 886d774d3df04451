import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KaosClient } from '@kaosnet/client'
import { createLogger, createServer, type KaosServer, type ServerConfigInput } from '@kaosnet/server'
import { RoomLog } from '../../support/players.ts'
import { Canary } from './canary.ts'
import { type CorpusFile, corpusDir, soundDir } from './corpus.ts'
import { LogWatch } from './log-watch.ts'

/** Instructions decide, so that the outcome of an attack is the same everywhere; the clock is there for the worst. */
const BUDGETS = {
  memoryBytes: 4 * 1024 * 1024,
  tickInstructions: 2_000_000,
  tickBudgetMs: 300,
  // More, so that an RPC lives on when the room that it signals has used up its own.
  loadInstructions: 5_000_000,
  initInstructions: 5_000_000,
  joinInstructions: 2_000_000,
  hookInstructions: 5_000_000,
  rpcInstructions: 5_000_000,
  loadBudgetMs: 500,
  initBudgetMs: 500,
  joinBudgetMs: 300,
  hookBudgetMs: 500,
  rpcBudgetMs: 500,
}

/** Low, so that a bomb meets them soon. */
const LIMITS = { rooms: 24, roomsCreatedPerSession: 16 }

/** A server with the attacks among its scripts, a canary, and players who come and go. */
export class World {
  /** What there is while nothing is attacked: the canary; its keeper and two players. */
  static readonly atRest = { rooms: 1, sessions: 3 }
  readonly server: KaosServer
  readonly logs: LogWatch
  readonly #dir: string
  readonly #players = new Map<string, KaosClient>()
  #canary: Canary | undefined
  #stopping: Promise<void> | undefined

  private constructor(server: KaosServer, logs: LogWatch, dir: string) {
    this.server = server
    this.logs = logs
    this.#dir = dir
  }

  /** Does not start it: see {@link start}. `entry` is an attack that the entry script begins with. */
  static create(files: readonly CorpusFile[], config: ServerConfigInput, entry?: string): World {
    const dir = mkdtempSync(join(tmpdir(), 'kaosnet-escape-'))
    writeScripts(dir, files, entry)
    const logs = new LogWatch()
    const server = createServer(
      {
        host: '127.0.0.1',
        port: 0,
        shutdownGraceSeconds: 0,
        udp: { enabled: false },
        auth: { anonymous: true },
        ...config,
        limits: { ...LIMITS, ...config.limits },
        scripts: { ...BUDGETS, ...config.scripts, dir: join(dir, 'scripts') },
      },
      { logger: createLogger('debug', logs) },
    )
    return new World(server, logs, dir)
  }

  /** Starts the server and the canary. */
  async start(): Promise<void> {
    await this.server.start()
    const keeper = await this.player('Keeper')
    const roomId = await keeper.createRoom('canary')
    this.#canary = new Canary(new RoomLog(await keeper.joinRoom(roomId)))
    // They stay, so that the number of sessions is the same before and after an attack.
    await this.player('Ada')
    await this.player('Mallory')
  }

  get canary(): Canary {
    if (this.#canary === undefined) throw new Error('the world has not started')
    return this.#canary
  }

  /** A connected player of that name; the same one until its session ends. */
  async player(username: string): Promise<KaosClient> {
    const present = this.#players.get(username)
    if (present?.state === 'connected') return present
    await present?.close()
    const client = new KaosClient(`http://127.0.0.1:${this.server.port}`, { username, reconnect: false })
    this.#players.set(username, client)
    await client.connect()
    return client
  }

  /** Begins to stop the server; its rooms hear of it. */
  stopWithin(graceSeconds: number): void {
    this.#stopping = this.server.stop({ graceSeconds })
  }

  /** Resolves when the server has stopped that {@link stopWithin} began to stop. */
  async stopped(): Promise<void> {
    await this.#stopping
  }

  async close(): Promise<void> {
    for (const player of this.#players.values()) await player.close()
    await this.server.stop({ graceSeconds: 0 })
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** The sound scripts, the attacks, a module for each place where one runs in a room, and two traps for `require`. */
function writeScripts(dir: string, files: readonly CorpusFile[], entry: string | undefined): void {
  const scripts = join(dir, 'scripts')
  mkdirSync(join(scripts, 'rooms'), { recursive: true })
  cpSync(soundDir, scripts, { recursive: true })
  cpSync(corpusDir, join(scripts, 'corpus'), { recursive: true })
  for (const { name, where, isReturned } of files) {
    for (const place of where) {
      const source = `return require("stage")("${name}", "${place}", ${isReturned})\n`
      writeFileSync(join(scripts, 'rooms', `${name}-${place}.lua`), source)
    }
  }
  writeFileSync(join(dir, 'secret.lua'), 'return "secret"\n')
  symlinkSync(join(dir, 'secret.lua'), join(scripts, 'linked.lua'))
  if (entry !== undefined) writeFileSync(join(scripts, 'main.lua'), `require("corpus/${entry}")({})\n`)
}
