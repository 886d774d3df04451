import { KaosClient, type NodeClientOptions } from '@kaosnet/client'
import { connectRudp } from '@kaosnet/rudp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ClientStory } from '../support/client-story.ts'
import { gameFolder, type GameProcess, startGameProcess } from '../support/game-process.ts'
import { joinLogged } from '../support/players.ts'
import { matchModule } from '../support/test-server.ts'

/** Says every message back to whoever sent it. */
const ECHO = matchModule({
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do kaos.room_send(ctx.room_id, m.op, m.data) end
    return state
  end`,
})

const files = { 'lua/room.lua': ECHO }

/** Far longer than a test: whoever waits for these has not been told. */
const SILENCE = { KAOSNET_SESSION_TIMEOUT_MS: '600000', KAOSNET_SESSION_HEARTBEAT_MS: '500' }
/** What kaos-rudp sends by itself comes every two seconds at least (docs/transport.md). */
const MOMENT_MS = 4_000

interface Player {
  readonly client: KaosClient
  readonly story: ClientStory
}

async function connect(
  { url }: GameProcess,
  transport: NonNullable<NodeClientOptions['transport']>,
): Promise<Player> {
  const reconnect = { baseDelayMs: 20, maxDelayMs: 100 }
  const client = new KaosClient(url, { username: transport, transport, reconnect })
  onTestFinished(() => client.close())
  const story = new ClientStory(client)
  await client.connect()
  return { client, story }
}

async function kill(server: GameProcess): Promise<void> {
  server.process.kill('SIGKILL')
  await server.exit
}

const restart = (
  dir: string,
  { port, udpPort }: GameProcess,
  environment: Readonly<Record<string, string>> = SILENCE,
): Promise<GameProcess> => startGameProcess(dir, environment, { port, udpPort })

describe('kill -9 and a restart', () => {
  it('is told to both at once, who get fresh sessions and play on in a new room', async () => {
    const dir = gameFolder(files)
    const first = await startGameProcess(dir, SILENCE)
    const players = [await connect(first, 'udp'), await connect(first, 'websocket')]
    const [udp, webSocket] = players as [Player, Player]
    const roomId = await udp.client.createRoom('room')
    const rooms = [await joinLogged(udp.client, roomId), await joinLogged(webSocket.client, roomId)]
    const before = players.map(({ client }) => client.session?.sessionId)

    const killedMs = performance.now()
    await kill(first)
    // TCP tells it at once. UDP says nothing: a server that is silent may come back.
    expect((await webSocket.story.first('dropped')).atMs - killedMs).toBeLessThan(MOMENT_MS)
    expect(udp.client.state).toBe('connected')

    const second = await restart(dir, first)
    const backMs = performance.now()
    const dropped = await udp.story.first('dropped')
    expect(dropped.atMs - backMs).toBeLessThan(MOMENT_MS)
    expect(dropped.event.error).toMatchObject({
      error: 'SESSION_TIMEOUT',
      message: 'the connection was lost: the server does not know this connection any more',
    })

    for (const [index, { client, story }] of players.entries()) {
      const { event } = await story.first('connected', 1)
      expect(event.isReconnect).toBe(true)
      // The new process knows no such session, and says so to who asks for it.
      const told = story.entries.filter(({ name }) => name !== 'resuming' && name !== 'reconnecting')
      expect(told.map(({ name }) => name)).toEqual(['connected', 'dropped', 'disconnected', 'connected'])
      expect(story.names.indexOf('resuming')).toBeGreaterThan(story.names.indexOf('dropped'))
      expect(story.names.indexOf('reconnecting')).toBeGreaterThan(story.names.indexOf('disconnected'))
      expect((await story.first('disconnected')).event.willReconnect).toBe(true)
      expect(await rooms[index]?.next('closed')).toMatchObject({ reason: 'dropped' })
      expect(client.session?.sessionId).not.toBe(before[index])
    }
    expect(players.map(({ client }) => client.session?.transport)).toEqual(['rudp', 'websocket'])
    const metrics = await (await fetch(`${second.url}/metrics`)).text()
    expect(metrics).toMatch(/kaosnet_errors_total\{code="\d+",name="RESUME_REFUSED"\} 2/)

    const newRoomId = await webSocket.client.createRoom('room')
    for (const { client } of players) {
      const log = await joinLogged(client, newRoomId)
      log.room.send(7, { from: client.session?.sessionId })
      expect(await log.next('data')).toMatchObject({ op: 7, data: { from: client.session?.sessionId } })
    }
  })

  it('is told to a player over UDP who sends nothing, within what kaos-rudp sends by itself', async () => {
    const dir = gameFolder(files)
    const environment = { ...SILENCE, KAOSNET_SESSION_HEARTBEAT_MS: '600000' }
    const first = await startGameProcess(dir, environment)
    const { client, story } = await connect(first, 'udp')
    await joinLogged(client, await client.createRoom('room'))
    await kill(first)
    await restart(dir, first, environment)
    const backMs = performance.now()
    expect((await story.first('dropped')).atMs - backMs).toBeLessThan(MOMENT_MS)
    await story.first('connected', 1)
  })

  it('is told to every one of many players over UDP as fast as to one', async () => {
    const dir = gameFolder(files)
    const environment = {
      KAOSNET_UDP_CONNECTIONS_PER_ADDRESS: '0',
      KAOSNET_LIMITS_CONNECTIONS_PER_SECOND_PER_ADDRESS: '0',
      KAOSNET_SESSION_START_TIMEOUT_MS: '600000',
    }
    const first = await startGameProcess(dir, environment)
    const answer = await fetch(`${first.url}/v1/connect`, { method: 'POST' })
    const { udp } = (await answer.json()) as { udp: { server_key: string } }
    const serverPublicKey = new Uint8Array(Buffer.from(udp.server_key, 'base64url'))
    const addresses = [{ host: '127.0.0.1', port: first.udpPort }]
    const reasons: Promise<string>[] = []
    for (let count = 0; count < 300; count++) {
      const connection = await connectRudp({ addresses, serverPublicKey, timeoutMs: 5_000 })
      onTestFinished(() => connection.close())
      reasons.push(
        new Promise((resolve) => {
          connection.onClose = ({ reason }) => resolve(reason)
        }),
      )
    }
    await kill(first)
    await restart(dir, first, environment)
    const backMs = performance.now()
    expect(new Set(await Promise.all(reasons))).toEqual(
      new Set(['the server does not know this connection any more']),
    )
    expect(performance.now() - backMs).toBeLessThan(MOMENT_MS)
  })

  it('without the key it had is not told over UDP: the client waits, and no reset is believed', async () => {
    const dir = gameFolder(files)
    const environment = { KAOSNET_SESSION_TIMEOUT_MS: '6000', KAOSNET_SESSION_HEARTBEAT_MS: '500' }
    const first = await startGameProcess(dir, environment)
    const { story } = await connect(first, 'udp')
    const killedMs = performance.now()
    await kill(first)
    await startGameProcess(
      dir,
      { ...environment, KAOSNET_UDP_PRIVATE_KEY: Buffer.alloc(32, 1).toString('base64') },
      { port: first.port, udpPort: first.udpPort },
    )
    const dropped = await story.first('dropped')
    expect(dropped.atMs - killedMs).toBeGreaterThan(4_000)
    expect(dropped.event.error.message).toMatch(/nothing was heard from the server/)
    await story.first('connected', 1)
  })
})
