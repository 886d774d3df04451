import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { KaosClient, type NodeClientOptions } from '@kaosnet/client'
import {
  encodeClientFrame,
  encodeLaneCounts,
  ErrorTable,
  PROTOCOL_VERSIONS,
  type ServerPayload,
} from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { ClientStory } from '../support/client-story.ts'
import { gameFolder, type GameProcess, startGameProcess } from '../support/game-process.ts'
import { startLossyRelay } from '../support/lossy-udp-relay.ts'
import { expectRefused, joinLogged, type RoomLog } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { RawUdpClient } from '../support/raw-udp-client.ts'
import { matchModule } from '../support/test-server.ts'

type TransportOption = NonNullable<NodeClientOptions['transport']>

/** Op 1 is echoed. Goes on when it is told to end, says so (9), and ends with a last word (10) when a member sends op 2. */
const LASTING = matchModule({
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do
      if m.op == 2 then
        kaos.room_send(ctx.room_id, 10, { word = 'the last' })
        return nil
      end
      kaos.room_send(ctx.room_id, m.op, m.data)
    end
    return state
  end`,
  match_terminate: `function(ctx, state, grace_seconds)
    kaos.room_send(ctx.room_id, 9, { grace = grace_seconds })
    return state
  end`,
})
/** Ends at once, with a last word. */
const BRIEF = matchModule({
  match_terminate: `function(ctx, state, grace_seconds)
    kaos.room_send(ctx.room_id, 9, { grace = grace_seconds })
    return nil
  end`,
})
const SPINNING = matchModule({ match_terminate: 'function() while true do end end' })
/** 32 KiB in each tick, to whoever reads it. */
const FIREHOSE = matchModule({
  match_loop: `function(ctx, state)
    kaos.room_send(ctx.room_id, 1, string.rep('x', 32768))
    return state
  end`,
  match_terminate: 'function(ctx, state) return state end',
})
const room = (body: string): string => `
  import { openSync, readSync } from 'node:fs'
  import { defineRoom } from '@kaosnet/server/script'
  export default defineRoom({
    init: () => ({ state: {}, tickHz: 50 }),
    loop(room, state, messages) { if (messages.length > 0) { ${body} } },
    terminate() {},
  })`
/** Holds its thread as soon as it hears something. */
const HANGING = room('for (;;) {}')
/** The same in the system, where nothing can interrupt it: a pipe that nobody writes to. */
const blockedBy = (pipe: string): string =>
  room(`readSync(openSync(${JSON.stringify(pipe)}, 'r+'), new Uint8Array(1))`)

/** What docs/operations.md#stopping promises beyond the grace. */
const BOUND_MS = 5_000
/** For the process to end when the server has. */
const EXIT_MS = 1_500

interface Player {
  readonly client: KaosClient
  readonly story: ClientStory
}

async function connect({ url }: GameProcess, transport: TransportOption): Promise<Player> {
  const client = new KaosClient(url, { username: transport, transport })
  onTestFinished(() => client.close())
  const story = new ClientStory(client)
  await client.connect()
  return { client, story }
}

/** A session whose connection is lost: the server keeps it for its client. */
async function leaveAway(
  { port, url }: GameProcess,
  transport: TransportOption,
): Promise<ServerPayload<'SessionStart'>> {
  const raw = transport === 'udp' ? await RawUdpClient.connect(url) : await RawClient.connect(port)
  raw.send(encodeClientFrame('SessionStart', { id: 1, versions: PROTOCOL_VERSIONS }))
  const started = await raw.control('SessionStart')
  raw.close()
  return started
}

/** What the server answers to a client that wants its session back. */
async function resume(
  { port, url }: GameProcess,
  transport: TransportOption,
  token: string,
): Promise<ServerPayload<'Error'>> {
  const raw = transport === 'udp' ? await RawUdpClient.connect(url) : await RawClient.connect(port)
  const received = encodeLaneCounts(new Map())
  raw.send(
    encodeClientFrame('SessionStart', {
      id: 2,
      versions: PROTOCOL_VERSIONS,
      resume: { token, attempt: 1, received },
    }),
  )
  return raw.control('Error')
}

function logged(server: GameProcess): Record<string, unknown>[] {
  const lines = server.output().split('\n')
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

const TRANSPORTS = ['udp', 'websocket'] as const

describe('SIGTERM', () => {
  it('refuses what is new, lets rooms use the grace, tells everybody, and ends the process with 0', async () => {
    const graceSeconds = 4
    const server = await startGameProcess(
      gameFolder({ 'lua/lasting.lua': LASTING, 'lua/brief.lua': BRIEF }),
      {
        KAOSNET_SHUTDOWN_GRACE_SECONDS: String(graceSeconds),
        KAOSNET_LOG_LEVEL: 'debug',
      },
    )
    const players: (Player & { lasting: RoomLog; brief: RoomLog; ending: RoomLog; foreignId: string })[] = []
    const spare = await connect(server, 'websocket')
    for (const transport of TRANSPORTS) {
      const player = await connect(server, transport)
      const { client } = player
      const [lasting, brief, ending] = [
        await joinLogged(client, await client.createRoom('lasting')),
        await joinLogged(client, await client.createRoom('brief')),
        await joinLogged(client, await client.createRoom('lasting')),
      ]
      players.push({ ...player, lasting, brief, ending, foreignId: await spare.client.createRoom('lasting') })
    }
    const away = [await leaveAway(server, 'udp'), await leaveAway(server, 'websocket')]
    await expect
      .poll(async () => (await fetch(`${server.url}/metrics`)).text())
      .toMatch(/^kaosnet_sessions_away 2$/m)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)

    const stoppedMs = performance.now()
    server.process.kill('SIGTERM')
    for (const { lasting, brief, ending } of players) {
      for (const log of [lasting, brief, ending]) {
        expect(await log.next('data')).toMatchObject({
          op: 9,
          isReliable: true,
          data: { grace: graceSeconds },
        })
      }
      expect(await brief.next('closed')).toMatchObject({
        reason: 'shutdown',
        error: { error: 'SHUTTING_DOWN' },
      })
    }

    // The grace: alive, not ready, rooms go on, and nothing begins.
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    for (const { client, lasting, ending, foreignId } of players) {
      lasting.room.send(1, { text: 'still here' })
      expect(await lasting.next('data')).toMatchObject({ op: 1, data: { text: 'still here' } })
      await expectRefused(client.createRoom('lasting'), 'SHUTTING_DOWN')
      await expectRefused(client.joinRoom(foreignId), 'SHUTTING_DOWN')
      await expectRefused(client.findRoom({ module: 'lasting' }), 'SHUTTING_DOWN')
      ending.room.send(2)
      expect(await ending.next('data')).toMatchObject({ op: 10, data: { word: 'the last' } })
      expect(await ending.next('closed')).toMatchObject({ reason: 'shutdown' })
    }
    for (const [index, transport] of TRANSPORTS.entries()) {
      await expectRefused(connect(server, transport), 'SHUTTING_DOWN')
      const refusal = await resume(server, transport, away[index]?.resume_token ?? '')
      expect([refusal.id, refusal.code]).toEqual([2, ErrorTable.SHUTTING_DOWN.code])
    }

    expect(performance.now() - stoppedMs, 'all of it fits into the grace').toBeLessThan(graceSeconds * 1000)

    for (const { story, lasting } of players) {
      expect(await lasting.next('closed')).toMatchObject({
        reason: 'shutdown',
        error: { error: 'SHUTTING_DOWN' },
      })
      const { event } = await story.first('disconnected')
      expect(event).toMatchObject({
        willReconnect: true,
        error: { error: 'SHUTTING_DOWN', details: { retry_after_ms: 1_000 } },
      })
      expect((await story.first('reconnecting')).event.delayMs).toBeGreaterThanOrEqual(1_000)
      expect(story.names).not.toContain('dropped')
    }
    expect(await server.exit).toBe(0)
    const tookMs = performance.now() - stoppedMs
    expect(tookMs).toBeGreaterThan(graceSeconds * 1000 - 50)
    expect(tookMs).toBeLessThan(graceSeconds * 1000 + BOUND_MS)

    const ended = logged(server).filter(({ msg }) => msg === 'session ended')
    expect(ended.map(({ code }) => code)).toEqual(Array(5).fill(ErrorTable.SHUTTING_DOWN.code))
    expect(ended.map(({ sessionId }) => sessionId)).toEqual(
      expect.arrayContaining(away.map(({ session }) => session)),
    )
    expect(server.output()).toMatch(/server stopped/)
  })

  it('does not wait for a grace that nobody uses', async () => {
    const server = await startGameProcess(gameFolder({ 'lua/brief.lua': BRIEF }), {
      KAOSNET_SHUTDOWN_GRACE_SECONDS: '600',
    })
    const players = [await connect(server, 'udp'), await connect(server, 'websocket')]
    for (const { client } of players) await client.joinRoom(await client.createRoom('brief'))
    server.process.kill('SIGTERM')
    for (const { story } of players) {
      expect((await story.first('disconnected')).event.error.error).toBe('SHUTTING_DOWN')
    }
    expect(await server.exit).toBe(0)
  })

  it('ends the process in time though a room hangs, one spins, one never ends, and two clients do not read', async () => {
    const relay = await startLossyRelay({ lossRate: 0, delayMs: 0, seed: 1 })
    const files = {
      'lua/spinning.lua': SPINNING,
      'lua/firehose.lua': FIREHOSE,
      'lua/lasting.lua': LASTING,
      'modules/hanging.ts': HANGING,
    }
    const server = await startGameProcess(gameFolder(files), {
      KAOSNET_SHUTDOWN_GRACE_SECONDS: '1',
      KAOSNET_ROOMS_WORKERS: '2',
      KAOSNET_UDP_PUBLIC_PORT: String(relay.port),
      KAOSNET_LIMITS_SEND_QUEUE_BYTES: '10000000',
      KAOSNET_SESSION_REPLAY_BYTES: '10000000',
    })
    relay.setTarget(server.udpPort)
    const player = await connect(server, 'websocket')
    const { client } = player
    const hanging = await client.joinRoom(await client.createRoom('hanging'))
    // Room by room, for a fresh one goes to the thread that is less busy.
    for (const module of ['spinning', 'spinning', 'lasting', 'lasting']) {
      await client.joinRoom(await client.createRoom(module))
    }
    const deaf = await connect(server, 'udp')
    const firehoseId = await deaf.client.createRoom('firehose')
    await (await joinLogged(deaf.client, firehoseId)).next('data')
    relay.setBlocked(true)
    await readNothing(server, firehoseId)
    hanging.send(1)

    const stoppedMs = performance.now()
    server.process.kill('SIGTERM')
    expect((await player.story.first('disconnected')).event.error.error).toBe('SHUTTING_DOWN')
    expect(await server.exit).toBe(0)
    expect(performance.now() - stoppedMs).toBeLessThan(1_000 + BOUND_MS + EXIT_MS)
  })

  it.each([
    ['before the watchdog has noticed', '600000'],
    ['after it has put a fresh thread in its place', '500'],
  ])(
    'ends the process though a script sits in the system, where only SIGKILL helps, %s',
    async (_, hostTimeoutMs) => {
      const pipe = join(gameFolder({}), 'pipe')
      execFileSync('mkfifo', [pipe])
      const server = await startGameProcess(gameFolder({ 'modules/blocked.ts': blockedBy(pipe) }), {
        KAOSNET_SHUTDOWN_GRACE_SECONDS: '1',
        KAOSNET_ROOMS_WORKERS: '1',
        KAOSNET_ROOMS_HOST_TIMEOUT_MS: hostTimeoutMs,
      })
      const { client, story } = await connect(server, 'udp')
      const blocked = await joinLogged(client, await client.createRoom('blocked'))
      blocked.room.send(1)
      if (hostTimeoutMs === '500') await blocked.next('closed')
      const stoppedMs = performance.now()
      server.process.kill('SIGTERM')
      expect((await story.first('disconnected')).event.error.error).toBe('SHUTTING_DOWN')
      await server.exit
      expect(server.process.signalCode).toBe('SIGKILL')
      expect(performance.now() - stoppedMs).toBeLessThan(1_000 + BOUND_MS + EXIT_MS)
      expect(logged(server)).toContainEqual(
        expect.objectContaining({ level: 50, msg: 'not everything closed in time', left: ['threads'] }),
      )
    },
  )

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'followed by %s ends the process at once with 130',
    async (second) => {
      const files = { 'lua/lasting.lua': LASTING, 'modules/hanging.ts': HANGING }
      const server = await startGameProcess(gameFolder(files), {
        KAOSNET_SHUTDOWN_GRACE_SECONDS: '600',
        KAOSNET_ROOMS_HOST_TIMEOUT_MS: '600000',
      })
      const { client } = await connect(server, 'websocket')
      await client.joinRoom(await client.createRoom('lasting'))
      const hanging = await client.joinRoom(await client.createRoom('hanging'))
      hanging.send(1)
      server.process.kill('SIGTERM')
      await server.until(/once more to stop at once/)
      const secondMs = performance.now()
      server.process.kill(second)
      expect(await server.exit).toBe(130)
      expect(performance.now() - secondMs).toBeLessThan(EXIT_MS)
    },
  )

  it('followed by another ends the process at once, too, when a script sits in the system', async () => {
    const pipe = newPipe()
    const server = await startGameProcess(gameFolder({ 'modules/blocked.ts': blockedBy(pipe) }), {
      KAOSNET_SHUTDOWN_GRACE_SECONDS: '600',
      KAOSNET_ROOMS_WORKERS: '1',
    })
    const { client } = await connect(server, 'websocket')
    const blocked = await client.joinRoom(await client.createRoom('blocked'))
    blocked.send(1)
    await untilRead(pipe)
    server.process.kill('SIGTERM')
    await server.until(/once more to stop at once/)
    const secondMs = performance.now()
    server.process.kill('SIGTERM')
    await server.exit
    expect(server.process.signalCode).toBe('SIGKILL')
    expect(performance.now() - secondMs).toBeLessThan(1_000 + EXIT_MS)
  })
})

function newPipe(): string {
  const pipe = join(gameFolder({}), 'pipe')
  execFileSync('mkfifo', [pipe])
  return pipe
}

/** Waits for somebody to read from a pipe: only then can it be opened for writing without waiting. */
async function untilRead(pipe: string): Promise<void> {
  const tryToOpen = (): boolean => {
    try {
      closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
      return true
    } catch {
      return false
    }
  }
  await expect.poll(tryToOpen).toBe(true)
}

/** A member of a room who takes nothing off its socket, until the buffers on the way are full. */
async function readNothing(server: GameProcess, roomId: string): Promise<void> {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/ws`)
  ws.on('error', () => {})
  onTestFinished(() => ws.terminate())
  await new Promise((resolve) => ws.once('open', resolve))
  ws.send(encodeClientFrame('SessionStart', { id: 1, versions: PROTOCOL_VERSIONS }))
  await new Promise((resolve) => ws.once('message', resolve))
  ws.send(encodeClientFrame('RoomJoin', { id: 2, room_id: roomId }))
  await new Promise((resolve) => ws.once('message', resolve))
  ws.pause()
}
