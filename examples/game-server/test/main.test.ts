import type { RoomId, SessionId } from '@kaosnet/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CallerInfo } from '../../../packages/server/src/room/room-host.ts'
import { type EngineBench, openEngine } from './languages/engine-bench.ts'
import { languages } from './languages/languages.ts'

const caller: CallerInfo = {
  sessionId: 's1' as SessionId,
  userId: 'u1',
  username: 'Ada',
  vars: {},
  isAuthenticated: false,
  clientAddress: '127.0.0.1',
  transport: 'websocket',
}

describe.each(languages)('the entry script in $name', ({ name }) => {
  let engine: EngineBench

  beforeEach(async () => {
    engine = await openEngine(name)
  })

  afterEach(() => engine.close())

  function addRoom(roomId: string, size: number, module = 'arena'): void {
    engine.rooms.push({
      roomId: roomId as RoomId,
      module,
      label: module,
      state: 'running',
      size,
      maxPlayers: 50,
      tickHz: 30,
      createdUnixMs: 0,
      version: 'v1',
    })
  }

  async function findArena(): Promise<unknown> {
    const outcome = await engine.invoke({ kind: 'rpc', name: 'arena_find', caller, payload: undefined })
    return outcome.kind === 'value' ? outcome.value : outcome
  }

  async function startSession(username: unknown): Promise<unknown> {
    const message = { user_id: 'u1', username, vars: {}, is_authenticated: false }
    const outcome = await engine.invoke({ kind: 'before', name: 'session_start', caller, message })
    return outcome.kind === 'value' ? outcome.value : outcome
  }

  test('offers what the page asks for, and the arena', () => {
    expect([...engine.manifest.rpcs]).toEqual(['arena_find'])
    expect([...engine.manifest.before]).toEqual(['session_start'])
    expect([...engine.manifest.after]).toEqual(['room_join'])
    expect(engine.manifest.modules.has('arena')).toBe(true)
    expect(engine.manifest.modules.has('main')).toBe(false)
  })

  test('arena_find opens an arena when there is none with a seat', async () => {
    addRoom('full', 50)
    addRoom('other game', 3, 'chess')
    expect(await findArena()).toEqual({ room_id: 'new arena' })
  })

  test('arena_find prefers the fullest arena, where people are', async () => {
    addRoom('a', 3)
    addRoom('b', 12)
    addRoom('c', 0)
    addRoom('d', 12)
    expect(await findArena()).toEqual({ room_id: 'b' })
  })

  test('a session starts with a clean name, and else as it would', async () => {
    expect(await startSession('  Ada\n')).toEqual({
      user_id: 'u1',
      username: 'Ada',
      vars: {},
      is_authenticated: false,
    })
  })

  test.each([[''], ['\u200b'], [undefined]])('who gives %j for a name becomes a guest', async (username) => {
    expect(await startSession(username)).toMatchObject({ username: expect.stringMatching(/^Guest \d{3}$/) })
  })

  test('joins are logged', async () => {
    const message = { room_id: 'r1' }
    await engine.invoke({ kind: 'after', name: 'room_join', caller, message })
    expect(engine.log.messages('info')).toEqual(['Ada joined arena r1'])
  })
})
