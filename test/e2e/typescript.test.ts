import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** A folder of modules that is gone when the test is over. */
function modules(files: Readonly<Record<string, string>>): {
  dir: string
  write(name: string, text: string): void
} {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-modules-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const write = (name: string, text: string): void => {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { dir, write }
}

const DUEL = (greeting: string) => `
  import { defineRoom } from '@kaosnet/server/script'
  import { greet } from './_greet.ts'

  interface State { heard: number; note?: string }

  export default defineRoom({
    receives: {
      1: (data: unknown): string => {
        if (typeof data !== 'object' || data === null || !('say' in data)) throw new Error('say something')
        return String(data.say)
      },
      2: (): 'throw' => 'throw',
      3: (): 'hang' => 'hang',
      4: (): 'stray' => 'stray',
    },
    async init(): Promise<{ state: State; tickHz: number; label: string }> {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { state: { heard: 0 }, tickHz: 50, label: 'typescript' }
    },
    loop(room, state, messages) {
      for (const { op, data, sender } of messages) {
        state.heard++
        if (op === 2) throw new Error('on purpose')
        if (op === 3) for (;;) {}
        if (op === 4) void Promise.reject(new Error('nobody waits for me'))
        room.send(1, { text: greet('${greeting}', data), heard: state.heard, note: state.note }, { to: [sender] })
      }
    },
    upgrade(room, state, fromVersion) {
      return { ...(state as State), note: fromVersion }
    },
  })`
const greet = (suffix = '') =>
  `export const greet = (greeting: string, name: string): string => greeting + '${suffix}, ' + name`
const MAIN = `
  import { defineScripts } from '@kaosnet/server/script'
  export default defineScripts({
    rpcs: {
      async add(ctx, payload: unknown) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        const { a, b } = payload as { a: number; b: number }
        return { sum: a + b, by: ctx.username }
      },
      fail: () => { throw new Error('no such luck') },
    },
  })`
const GAME = { 'duel.ts': DUEL('Hello'), '_greet.ts': greet(), 'main.ts': MAIN }

type Said = { data: { text: string; heard: number; note?: string } }

describe.each([0, 1, 2])('TypeScript with %i workers', (workers) => {
  it('runs rooms and RPCs straight from .ts, with async init and RPCs, beside Lua', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer(
      {
        'main.lua': `kaos.register_rpc('lua', function() return 1 end)`,
        'plain.lua': matchModule({ match_init: `function() return { state = {}, label = 'lua' } end` }),
        'duel.lua': matchModule({ match_init: `function() return { state = {}, label = 'lua' } end` }),
      },
      { rooms: { workers }, scripts: { modulesDir: dir } },
    )
    const ada = await connectPlayer(server)
    const duel = await joinLogged(ada, await ada.createRoom('duel'))
    expect(duel.room.label).toBe('typescript')
    expect((await ada.joinRoom(await ada.createRoom('plain'))).label).toBe('lua')
    duel.room.send(1, { say: 'Ada' })
    expect((await duel.next<Said>('data')).data).toMatchObject({ text: 'Hello, Ada', heard: 1 })
    expect(await ada.rpc('add', { a: 1, b: 2 })).toEqual({ sum: 3, by: 'Ada' })
    await expectRefused(ada.rpc('fail'), 'RPC_FAILED', /no such luck/)
    // The entry module in TypeScript stands in place of main.lua.
    await expectRefused(ada.rpc('lua'), 'RPC_NOT_FOUND')
  })

  it('tells the sender of a message that the room cannot make sense of', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer({}, { rooms: { workers }, scripts: { modulesDir: dir } })
    const ada = await connectPlayer(server)
    const errors: unknown[] = []
    ada.on('error', ({ error }) => errors.push(error))
    const duel = await joinLogged(ada, await ada.createRoom('duel'))
    duel.room.send(1, { shout: 'Ada' })
    duel.room.send(9, { say: 'Ada' })
    duel.room.send(1, { say: 'Ada' })
    expect((await duel.next<Said>('data')).data.heard).toBe(1)
    await expect.poll(() => errors).toHaveLength(2)
    expect(errors).toMatchObject([
      { error: 'INVALID_PAYLOAD', message: expect.stringContaining('op 1: say something') },
      { error: 'INVALID_PAYLOAD', message: expect.stringContaining('op 9') },
    ])
    expect(await server.metrics()).toMatch(/kaosnet_room_inputs_invalid_total\{host="0"\} 2/)
  })

  it('a throw ends that room only, and names the line of the source', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer({}, { rooms: { workers }, scripts: { modulesDir: dir } })
    const ada = await connectPlayer(server)
    const bad = await joinLogged(ada, await ada.createRoom('duel'))
    const good = await joinLogged(ada, await ada.createRoom('duel'))
    bad.room.send(2)
    expect(await bad.next('closed')).toMatchObject({
      error: { error: 'ROOM_FAILED' },
      message: 'match_loop: on purpose',
    })
    good.room.send(1, { say: 'Ada' })
    expect((await good.next<Said>('data')).data.text).toBe('Hello, Ada')
    expect(server.logs.find(({ callback }) => callback === 'match_loop')?.stack).toMatch(/duel\.ts:24:/)
  })

  it('is reloaded with what it imports; a room that knows how takes its state along', async () => {
    const { dir, write } = modules(GAME)
    const server = await startTestServer({}, { rooms: { workers }, scripts: { modulesDir: dir } })
    const ada = await connectPlayer(server)
    const before = server.server.scriptVersion
    const duel = await joinLogged(ada, await ada.createRoom('duel'))
    duel.room.send(1, { say: 'Ada' })
    await duel.next('data')
    write('_greet.ts', greet(' again'))
    await server.server.reload()
    const text = async () => {
      duel.room.send(1, { say: 'Ada' })
      return (await duel.next<Said>('data')).data
    }
    await expect.poll(async () => (await text()).text).toBe('Hello again, Ada')
    expect(await text()).toMatchObject({ note: before })
    write('duel.ts', 'export default 12')
    await expect(server.server.reload()).rejects.toThrow(/duel\.ts/)
    expect((await text()).text).toBe('Hello again, Ada')
  })
})

describe('a host that is lost', () => {
  const config = (dir: string) => ({
    rooms: { workers: 2, hostTimeoutMs: 1_000 },
    scripts: { modulesDir: dir },
    session: { timeoutMs: 60_000 },
  })

  it('takes its rooms with it, tells their members, and a fresh one takes over; others do not notice', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer({}, config(dir))
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const stuck = await joinLogged(ada, await ada.createRoom('duel'))
    const other = await joinLogged(bob, await bob.createRoom('duel'))
    stuck.room.send(3)
    const closed = stuck.next('closed')
    let heard = 0
    let isClosed = false
    void closed.then(() => {
      isClosed = true
    })
    while (!isClosed) {
      other.room.send(1, { say: 'Bob' })
      expect((await other.next<Said>('data')).data.heard).toBe(++heard)
    }
    expect(await closed).toMatchObject({
      reason: 'room_closed',
      error: { error: 'ROOM_FAILED' },
      message: expect.stringContaining('has not answered for 1000 ms'),
    })
    // In a second and more a room of 50 Hz ticks so many times, if nothing holds it up.
    expect(heard).toBeGreaterThan(10)
    expect(await skippedTicks(server)).toBeLessThan(heard)
    // Sessions stay, and both places take rooms again.
    expect([ada.state, bob.state]).toEqual(['connected', 'connected'])
    const rooms = await Promise.all(Array.from({ length: 4 }, () => ada.createRoom('duel')))
    for (const id of rooms) {
      const room = await joinLogged(ada, id)
      room.room.send(1, { say: 'Ada' })
      expect((await room.next<Said>('data')).data.heard).toBe(1)
    }
    const hosts = [
      ...(await server.metrics()).matchAll(/kaosnet_host_rooms\{module="duel",host="(\d)"\} (\d)/g),
    ]
    expect(hosts.map(([, host, count]) => [host, Number(count) > 0])).toEqual([
      ['0', true],
      ['1', true],
    ])
    expect(server.logs.filter(({ msg }) => msg === 'a thread of rooms was lost')).toHaveLength(1)
  })

  it('takes no more than a bounded amount of input while it is stuck, and says so', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer(
      {},
      {
        ...config(dir),
        rooms: { workers: 1, hostTimeoutMs: 60_000 },
        udp: { enabled: false },
        limits: { messagesPerSecond: 0, bytesPerSecond: 0 },
      },
    )
    const ada = await connectPlayer(server)
    const errors: { error: string }[] = []
    ada.on('error', ({ error }) => errors.push(error))
    const duel = await joinLogged(ada, await ada.createRoom('duel'))
    duel.room.send(3)
    const data = new Uint8Array(16_000)
    for (let sent = 0; errors.length === 0 && sent < 3_000; sent++) {
      duel.room.send(1, data)
      // An answer of the node's own thread: it has taken what came before.
      if (sent % 20 === 19) await ada.listRooms()
    }
    expect(errors[0]).toMatchObject({ error: 'ROOM_BUSY' })
    expect(ada.state).toBe('connected')
  })

  it('fails RPCs that it ran, and later ones run in its successor', async () => {
    const { dir } = modules({
      'main.ts': `
        import { defineScripts } from '@kaosnet/server/script'
        export default defineScripts({
          rpcs: { hang: () => { for (;;) {} }, exit: () => process.exit(3), fine: () => 'fine' },
        })`,
    })
    const server = await startTestServer({}, { ...config(dir), rooms: { workers: 1, hostTimeoutMs: 500 } })
    const ada = await connectPlayer(server)
    await expectRefused(ada.rpc('hang'), 'RPC_FAILED', /the thread that ran it was lost/)
    expect(await ada.rpc('fine')).toBe('fine')
    await expectRefused(ada.rpc('exit'), 'RPC_FAILED', /the thread that ran it was lost/)
    expect(await ada.rpc('fine')).toBe('fine')
  })

  it('is not lost to a promise that nobody waits for', async () => {
    const { dir } = modules(GAME)
    const server = await startTestServer({}, config(dir))
    const ada = await connectPlayer(server)
    const duel = await joinLogged(ada, await ada.createRoom('duel'))
    duel.room.send(4)
    duel.room.send(1, { say: 'Ada' })
    await duel.next('data')
    expect((await duel.next<Said>('data')).data.heard).toBe(2)
    await expect
      .poll(() => server.logs.filter(({ error }) => error === 'nobody waits for me'))
      .toMatchObject([{ level: 50, msg: 'a promise or timer of a script failed' }])
  })
})

async function skippedTicks(server: { metrics(): Promise<string> }): Promise<number> {
  const counts = [...(await server.metrics()).matchAll(/kaosnet_ticks_skipped_total\{[^}]*\} (\d+)/g)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}
