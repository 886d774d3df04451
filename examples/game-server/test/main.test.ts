import type { LuaValue } from '@kaosnet/lua'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm
let rooms: LuaValue
let log: string[]

beforeEach(async () => {
  lua = await ArenaVm.open()
  rooms = []
  log = []
  lua.vm.defineFunction('kaos.room_list', () => rooms)
  lua.vm.defineFunction('kaos.room_create', (call) => `new ${call.string(1, 'module')}`)
  lua.vm.defineFunction('kaos.logger_info', (call) => {
    log.push(call.string(1, 'message'))
  })
  lua.run(`
    function kaos.register_rpc(name, fn) rpc = { [name] = fn } end
    function kaos.register_before(name, fn) before = { [name] = fn } end
    function kaos.register_after(name, fn) after = { [name] = fn } end
    require("main")
  `)
})

afterEach(() => lua.close())

describe('arena_find', () => {
  test('opens an arena when there is none with a seat', () => {
    expect(lua.run('return rpc.arena_find({}, nil)')).toEqual({ room_id: 'new arena' })
  })

  test('prefers the fullest arena, where people are', () => {
    rooms = [
      { room_id: 'a', size: 3 },
      { room_id: 'b', size: 12 },
      { room_id: 'c', size: 0 },
    ]
    expect(lua.run('return rpc.arena_find({}, nil)')).toEqual({ room_id: 'b' })
  })
})

describe('the hooks', () => {
  test('a session starts with a clean name', () => {
    expect(lua.run('return before.session_start({}, { username = "  Ada\\n" })')).toEqual({ username: 'Ada' })
  })

  test('who gives no name becomes a guest', () => {
    const message = lua.run('return before.session_start({}, {})') as { username: string }
    expect(message.username).toMatch(/^Guest \d{3}$/)
  })

  test('joins are logged', () => {
    lua.run('after.room_join({ username = "Ada" }, { room_id = "r1" })')
    expect(log).toEqual(['Ada joined arena r1'])
  })
})
