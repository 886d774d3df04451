import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connectPlayer, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer, type TestServer } from '../support/test-server.ts'

const ADMIN = 'an admin token of thirty-two characters'

/** An echo room that says which version it is; `upgrade` is the body of match_upgrade. */
const echo = (version: number, upgrade?: string) =>
  matchModule({
    match_init: `function() return { state = { seen = 0 }, tick_rate = 60 } end`,
    match_loop: `function(ctx, state, tick, messages)
      for _, message in ipairs(messages) do
        state.seen = state.seen + 1
        kaos.room_send(ctx.room_id, 1, { n = message.data, v = ${version}, seen = state.seen, at = state.at }, { message.sender })
      end
      return state
    end`,
    ...(upgrade === undefined ? {} : { match_upgrade: upgrade }),
  })
const main = (version: number) => `kaos.register_rpc('version', function() return ${version} end)`

async function start(config: Parameters<typeof startTestServer>[1] = {}) {
  const server = await startTestServer(
    { 'main.lua': main(1), 'echo.lua': echo(1) },
    { admin: { token: ADMIN }, ...config },
  )
  const { dir } = server.server.config.scripts
  const write = (name: string, text: string): void => writeFileSync(join(dir as string, name), text)
  return { server, write }
}

async function admin(server: TestServer, method: string, path: string, token = ADMIN) {
  const response = await fetch(`${server.url}/v1/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

type Echo = { data: { n: number; v: number; seen: number; at?: string } }

describe.each([0, 1, 2])('reloading scripts with %i workers', (workers) => {
  it('gives new rooms and RPCs the new version, and lets running rooms keep theirs', async () => {
    const { server, write } = await start({ rooms: { workers } })
    const ada = await connectPlayer(server)
    const old = await joinLogged(ada, await ada.createRoom('echo'))
    const before = server.server.scriptVersion
    write('echo.lua', echo(2))
    write('main.lua', main(2))
    const after = await server.server.reload()
    expect(after).toMatch(/^[0-9a-f]{12}$/)
    expect(after).not.toBe(before)
    expect(await ada.rpc('version')).toBe(2)
    const fresh = await joinLogged(ada, await ada.createRoom('echo'))
    old.room.send(1, 7)
    fresh.room.send(1, 8)
    expect((await old.next<Echo>('data')).data).toMatchObject({ n: 7, v: 1 })
    expect((await fresh.next<Echo>('data')).data).toMatchObject({ n: 8, v: 2 })
    const { body } = await admin(server, 'GET', 'rooms')
    expect(body.version).toBe(after)
    const versions = (body.rooms as { room_id: string; version: string }[]).map(({ room_id, version }) => [
      room_id,
      version,
    ])
    expect(new Map(versions as [string, string][])).toEqual(
      new Map([
        [old.room.id, before],
        [fresh.room.id, after],
      ]),
    )
  })

  it('hands a room to a new version that knows how, with its state, its members and its messages', async () => {
    const { server, write } = await start({ rooms: { workers } })
    const ada = await connectPlayer(server)
    const log = await joinLogged(ada, await ada.createRoom('echo'))
    const before = server.server.scriptVersion
    log.room.send(1, 0)
    expect((await log.next<Echo>('data')).data).toMatchObject({ v: 1, seen: 1 })
    write(
      'echo.lua',
      echo(
        2,
        'function(ctx, state, from) state.at = from .. " " .. ctx.label .. ctx.tick_rate return state end',
      ),
    )
    await server.server.reload()
    // Upgraded soon after, between two ticks; every message is answered by one version or the other, and counted once.
    let newest: Echo['data'] = { n: 0, v: 1, seen: 1 }
    for (let n = 1; newest.v === 1; n++) {
      log.room.send(1, n)
      newest = (await log.next<Echo>('data')).data
      expect(newest).toMatchObject({ n, seen: n + 1 })
      expect(n).toBeLessThan(1_000)
    }
    expect(newest.at).toBe(`${before} 60`)
    expect(log.events.filter(({ kind }) => kind !== 'data')).toEqual([])
  })

  it('changes nothing when the new scripts do not load, and says why', async () => {
    const { server, write } = await start({ rooms: { workers } })
    const ada = await connectPlayer(server)
    const room = await joinLogged(ada, await ada.createRoom('echo'))
    const before = server.server.scriptVersion
    write('main.lua', 'kaos.register_rpc("version", function() return 3 end) error("no such map")')
    const { status, body } = await admin(server, 'POST', 'reload')
    expect(status).toBe(422)
    expect(body).toEqual({ error: expect.stringMatching(/main\.lua:1: no such map/), version: before })
    expect(server.logs.find(({ msg }) => msg === 'the scripts were not reloaded')).toMatchObject({
      level: 50,
      error: expect.stringContaining('no such map'),
    })
    expect(await ada.rpc('version')).toBe(1)
    room.room.send(1, 1)
    expect((await room.next<Echo>('data')).data.v).toBe(1)
    write('main.lua', main(4))
    expect((await admin(server, 'POST', 'reload')).status).toBe(200)
    expect(await ada.rpc('version')).toBe(4)
  })

  it('leaves a room with its version when match_upgrade fails or its state is more than plain data', async () => {
    const { server, write } = await start({ rooms: { workers } })
    const ada = await connectPlayer(server)
    const plain = await joinLogged(ada, await ada.createRoom('echo'))
    const failures = () => server.logs.filter(({ callback }) => callback === 'match_upgrade')
    write('echo.lua', echo(2, 'function() error("cannot") end'))
    await server.server.reload()
    await expect.poll(failures, { timeout: 10_000 }).toHaveLength(1)
    expect(failures()[0]).toMatchObject({ error: expect.stringMatching(/echo\.lua:\d+: cannot/) })
    plain.room.send(1, 1)
    expect((await plain.next<Echo>('data')).data).toMatchObject({ v: 1, seen: 1 })

    write('closure.lua', matchModule({ match_init: 'function() return { state = { f = print } } end' }))
    await server.server.reload()
    await expect.poll(failures, { timeout: 10_000 }).toHaveLength(2)
    await joinLogged(ada, await ada.createRoom('closure'))
    write(
      'closure.lua',
      matchModule({
        match_init: 'function() return { state = {} } end',
        match_upgrade: 'function(ctx, state) return state end',
      }),
    )
    await server.server.reload()
    await expect.poll(failures, { timeout: 10_000 }).toHaveLength(4)
    expect(failures().some(({ error }) => /f: a function/.test(String(error)))).toBe(true)
    expect(server.server.roomCount).toBe(2)
  })

  it('loses no message of players who play on', async () => {
    const { server, write } = await start({ rooms: { workers } })
    const players = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const player = await connectPlayer(server, `P${index}`)
        const room = await player.joinRoom(await player.createRoom('echo'))
        const answered: number[] = []
        room.on('data', ({ data }) => answered.push((data as Echo['data']).n))
        return { player, room, answered, sent: 0 }
      }),
    )
    for (let version = 2; version <= 6; version++) {
      // Odd versions take rooms over, even ones do not.
      write(
        'echo.lua',
        echo(version, version % 2 === 1 ? 'function(ctx, state) return state end' : undefined),
      )
      write('main.lua', main(version))
      let isReloaded = false
      const reloaded = server.server.reload().finally(() => {
        isReloaded = true
      })
      for (let round = 0; round < 20 || !isReloaded; round++) {
        for (const one of players) one.room.send(1, ++one.sent)
        expect(await players[round % players.length]?.player.rpc('version')).toBeGreaterThanOrEqual(
          version - 1,
        )
      }
      await reloaded
    }
    for (const { answered, sent } of players) {
      await expect.poll(() => answered.length, { timeout: 10_000 }).toBe(sent)
      expect(answered).toEqual(Array.from({ length: sent }, (_, index) => index + 1))
    }
    expect(server.server.sessionCount).toBe(players.length)
  })
})

describe('the admin calls', () => {
  it('want the token of the configuration', async () => {
    const { server } = await start()
    for (const token of ['', 'wrong', `${ADMIN}x`]) {
      expect((await admin(server, 'POST', 'reload', token)).status).toBe(401)
      expect((await admin(server, 'GET', 'rooms', token)).status).toBe(401)
    }
    expect((await admin(server, 'GET', 'rooms')).status).toBe(200)
    expect((await admin(server, 'POST', 'reload')).body).toEqual({ version: server.server.scriptVersion })
  })

  it('do not exist without one', async () => {
    const server = await startTestServer({})
    expect((await admin(server, 'POST', 'reload')).status).toBe(404)
    expect((await admin(server, 'GET', 'rooms')).status).toBe(404)
  })
})

it('scripts can tell which version a room runs', async () => {
  const { server, write } = await start()
  write('main.lua', `kaos.register_rpc('version_of', function(ctx, id) return kaos.room_get(id).version end)`)
  write(
    'told.lua',
    matchModule({ match_init: 'function(ctx) return { state = {}, label = ctx.version } end' }),
  )
  const version = await server.server.reload()
  const ada = await connectPlayer(server)
  const room = await ada.joinRoom(await ada.createRoom('told'))
  expect(room.label).toBe(version)
  expect(await ada.rpc('version_of', room.id)).toBe(version)
})
