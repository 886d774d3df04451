import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { KaosClient, Room } from '@kaosnet/client'
import { ErrorTable } from '@kaosnet/protocol'
import { resolveConfig } from '@kaosnet/server'
import { describe, expect, it } from 'vitest'
import { connectPlayer } from '../support/players.ts'
import { startSlowReaderServer } from '../support/slow-reader.ts'
import { matchModule, type TestServer } from '../support/test-server.ts'

const FLOOD = 1
const ONCE = 2
const STREAM = 7
const BEACON = 9

/**
 * FLOOD: from now on so many frames of so many bytes to everybody each tick, numbered, and a reliable beacon.
 * ONCE: so many frames to everybody now, then word to who asked for them.
 */
const SCRIPTS = {
  'main.lua': `kaos.register_rpc('big', function(ctx, bytes) return string.rep('x', bytes) end)`,
  'room.lua': matchModule({
    match_loop: `function(ctx, state, tick, messages)
      for _, m in ipairs(messages) do
        if m.op == ${FLOOD} then state.flood = m.data end
        if m.op == ${ONCE} then
          for i = 1, m.data.frames do
            kaos.room_send(ctx.room_id, ${STREAM}, string.pack('<I4', i) .. string.rep('x', m.data.bytes - 4))
          end
          kaos.room_send(ctx.room_id, ${BEACON}, 'sent', { m.sender })
        end
      end
      local flood = state.flood
      if flood then
        -- Not the tick: those that come too late are skipped.
        state.sent = (state.sent or 0) + 1
        local data = string.pack('<I4', state.sent) .. string.rep('x', flood.bytes - 4)
        for i = 1, flood.frames do kaos.room_send(ctx.room_id, ${STREAM}, data, nil, flood.reliable) end
        kaos.room_send(ctx.room_id, ${BEACON}, state.sent)
      end
      return state
    end`,
  }),
}
/** The frame around the data of a RoomData. */
const ROOM_DATA_BYTES = 10
const patient = { timeout: 15_000 }
const transports = ['udp', 'websocket'] as const

/** What a member has received, without keeping it. */
class Listener {
  frames = 0
  /** The number of the newest frame of the stream. */
  newest = 0
  beacons = 0
  /** Beacons that did not follow the one before them. */
  gaps = 0
  longestSilenceMs = 0
  /** The others that have left. */
  readonly departed: { readonly username: string; readonly reason: string }[] = []
  readonly room: Room
  #lastBeacon = 0
  #lastBeaconMs = 0

  constructor(room: Room) {
    this.room = room
    room.on('departed', (presences) => {
      for (const { username, reason } of presences) this.departed.push({ username, reason })
    })
    room.on('data', ({ op, data }) => {
      if (op === STREAM) this.#onFrame(data as Uint8Array)
      else this.#onBeacon(data as number)
    })
  }

  #onFrame(data: Uint8Array): void {
    this.frames++
    this.newest = Math.max(this.newest, Buffer.from(data).readUInt32LE(0))
  }

  #onBeacon(number: number): void {
    const nowMs = performance.now()
    if (this.beacons > 0) {
      if (number !== this.#lastBeacon + 1) this.gaps++
      this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - this.#lastBeaconMs)
    }
    this.beacons++
    this.#lastBeacon = number
    this.#lastBeaconMs = nowMs
  }
}

async function join(client: KaosClient, roomId: string): Promise<Listener> {
  return new Listener(await client.joinRoom(roomId))
}

const SLOW_DROPPED = [{ username: 'Slow', reason: 'dropped' }]

async function metric(server: Pick<TestServer, 'metrics'>, name: string): Promise<number> {
  const line = (await server.metrics()).split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const superseded = (server: TestServer) => metric(server, 'kaosnet_frames_superseded_total')
const limitHits = (server: TestServer, limit: string) =>
  metric(server, `kaosnet_limit_hits_total{limit="${limit}"}`)
const slowConsumers = (server: TestServer) =>
  metric(server, `kaosnet_sessions_ended_total{code="${ErrorTable.SLOW_CONSUMER.code}"}`)

/** Buffers in use in this thread, where all sockets are, after a garbage collection. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

const { limits, session } = resolveConfig({})
/** What docs/operations.md#sizing says that one session may cost that is sent nothing but unreliable data. */
const UNRELIABLE_COST_BYTES = 2 * 2 * limits.unreliableQueueBytes
/** And with everything. */
const COST_BYTES =
  2 * (limits.controlQueueBytes + limits.reliableQueueBytes + session.replayBytes) + UNRELIABLE_COST_BYTES

describe.each(transports)('a member who stops reading, over %s', (transport) => {
  async function world(config: Parameters<typeof startSlowReaderServer>[2] = {}) {
    const server = await startSlowReaderServer(transport, SCRIPTS, config)
    const ada = await connectPlayer(server, 'Ada', { transport: 'websocket' })
    const slow = await server.connectSlow('Slow')
    const roomId = await ada.createRoom('room')
    const [near, far] = [await join(ada, roomId), await join(slow.client, roomId)]
    return { server, ada, near, slow, far }
  }

  it.each([
    ['20 kB/s', { frames: 1, bytes: 400 }, 20],
    ['4 MB/s', { frames: 8, bytes: 10_000 }, 1_000],
  ])(
    'lives through %s of unreliable data, delays nobody, and gets the newest when it reads again',
    async (_rate, flood, supersedes) => {
      const { server, ada, near, slow, far } = await world()
      near.room.send(FLOOD, { ...flood, reliable: false })
      await expect.poll(() => near.beacons, patient).toBeGreaterThan(20)
      const before = { bytes: bufferBytes(), superseded: await superseded(server) }
      slow.stopReading()
      if (transport === 'udp' || flood.frames > 1) {
        // What the kernel's buffers hold is not superseded: at the low rate it would be minutes' worth over WebSocket.
        await expect
          .poll(async () => (await superseded(server)) - before.superseded, patient)
          .toBeGreaterThan(supersedes)
      } else {
        const { beacons } = near
        await expect.poll(() => near.beacons, patient).toBeGreaterThan(beacons + 50)
      }
      expect(bufferBytes() - before.bytes).toBeLessThan(UNRELIABLE_COST_BYTES)

      slow.readAgain()
      const { newest } = near
      await expect.poll(() => far.newest, patient).toBeGreaterThan(newest)
      expect([ada.state, slow.client.state]).toEqual(['connected', 'connected'])
      expect([near.gaps, far.gaps]).toEqual([0, 0])
      expect(near.longestSilenceMs).toBeLessThan(1_000)
      expect(await slowConsumers(server)).toBe(0)
    },
  )

  it('is ended by more reliable data than the bound; the others see it dropped and are not delayed', async () => {
    const { server, ada, near, slow, far } = await world({ limits: { reliableQueueBytes: 500_000 } })
    near.room.send(FLOOD, { frames: 4, bytes: 10_000, reliable: true })
    // Who reads is sent more than the bound, and goes on.
    await expect.poll(() => far.frames * 10_000, patient).toBeGreaterThan(1_000_000)
    expect(await slowConsumers(server)).toBe(0)
    slow.stopReading()
    await expect.poll(() => near.departed, patient).toEqual(SLOW_DROPPED)
    const { beacons } = near
    await expect.poll(() => near.beacons, patient).toBeGreaterThan(beacons + 20)
    expect(near.gaps).toBe(0)
    expect(near.frames).toBeGreaterThanOrEqual((near.beacons - 1) * 4)
    expect(near.longestSilenceMs).toBeLessThan(1_000)
    expect(ada.state).toBe('connected')
    expect(await slowConsumers(server)).toBe(1)
    expect(await limitHits(server, 'reliableQueueBytes')).toBe(1)
    expect(await limitHits(server, 'controlQueueBytes')).toBe(0)
  })

  it('is ended by more answers than the bound of their own', async () => {
    const { server, near, slow } = await world({ limits: { controlQueueBytes: 200_000 } })
    slow.stopReading()
    while (near.departed.length === 0) {
      // Answers that nobody reads; the next are asked for when the server has had time to send these.
      for (let asked = 0; asked < 4; asked++) slow.client.rpc('big', 60_000).catch(() => {})
      await server.metrics()
    }
    expect(near.departed).toEqual(SLOW_DROPPED)
    expect(await slowConsumers(server)).toBe(1)
    expect(await limitHits(server, 'controlQueueBytes')).toBe(1)
    expect(await limitHits(server, 'reliableQueueBytes')).toBe(0)
  })

  it('is not away: what cannot be repeated any more still arrives, once it reads', async () => {
    const { server, near, slow, far } = await world({ session: { replayBytes: 20_000 } })
    slow.stopReading()
    near.room.send(ONCE, { frames: 200, bytes: 1_000 })
    await expect.poll(() => near.beacons, patient).toBe(1)
    expect(await metric(server, 'kaosnet_replay_overflows_total')).toBeGreaterThan(0)
    expect([await slowConsumers(server), far.frames]).toEqual([0, 0])
    slow.readAgain()
    await expect.poll(() => far.frames, patient).toBe(200)
    expect([far.newest, slow.client.state]).toEqual([200, 'connected'])
  })
})

describe('a member who acknowledges nothing, over udp', () => {
  it('costs no more than the page says until it is ended, however small the frames are', async () => {
    const server = await startSlowReaderServer('udp', SCRIPTS)
    const ada = await connectPlayer(server, 'Ada', { transport: 'websocket' })
    const slow = await server.connectSlow('Slow')
    const roomId = await ada.createRoom('room')
    const near = await join(ada, roomId)
    await join(slow.client, roomId)
    near.room.send(FLOOD, { frames: 300, bytes: 20, reliable: true })
    await expect.poll(() => near.beacons, patient).toBeGreaterThan(20)
    const beforeBytes = bufferBytes()
    slow.stopReading()
    let mostBytes = 0
    while (near.departed.length === 0) {
      mostBytes = Math.max(mostBytes, bufferBytes() - beforeBytes)
      await server.metrics()
    }
    expect(near.departed).toEqual(SLOW_DROPPED)
    expect(mostBytes).toBeGreaterThan(limits.reliableQueueBytes / 2)
    expect(mostBytes).toBeLessThan(COST_BYTES)
  })

  it('is ended by the first byte beyond the bound, and not before', async () => {
    const bound = 100_000
    const server = await startSlowReaderServer('udp', SCRIPTS, { limits: { reliableQueueBytes: bound } })
    const ada = await connectPlayer(server, 'Ada', { transport: 'websocket' })
    const slow = await server.connectSlow('Slow')
    const roomId = await ada.createRoom('room')
    const near = await join(ada, roomId)
    await join(slow.client, roomId)
    slow.stopReading()
    const frameBytes = 1_000
    near.room.send(ONCE, { frames: bound / frameBytes, bytes: frameBytes - ROOM_DATA_BYTES })
    await expect.poll(() => near.beacons, patient).toBe(1)
    expect([await limitHits(server, 'reliableQueueBytes'), near.departed]).toEqual([0, []])
    near.room.send(ONCE, { frames: 1, bytes: 4 })
    await expect.poll(() => near.departed, patient).toEqual(SLOW_DROPPED)
    expect([await limitHits(server, 'reliableQueueBytes'), await slowConsumers(server)]).toEqual([1, 1])
  })
})
