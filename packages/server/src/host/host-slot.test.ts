import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import type { RoomHostEvents, RoomSpec, ScriptCall } from '../room/room-host.ts'
import { FakeRoomHost } from '../testing/fake-room-host.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { settled } from '../testing/promises.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { NO_SCRIPTS } from '../script/loaded-scripts.ts'
import { RoomHosts } from './room-hosts.ts'

const room = (name: string): RoomSpec => ({
  id: name as RoomId,
  module: 'game',
  params: {},
  createdUnixMs: 0,
})
const call: ScriptCall = {
  kind: 'rpc',
  name: 'echo',
  payload: 1,
  caller: {
    sessionId: 's' as SessionId,
    userId: '',
    username: '',
    vars: {},
    isAuthenticated: false,
    clientAddress: '',
    transport: 'memory',
  },
}

interface Made {
  readonly host: FakeRoomHost
  readonly index: number
  readonly lose: (reason: string) => void
  events: RoomHostEvents | undefined
  isClosed: boolean
}

/** Hosts that the test loses as it likes. */
async function world(count: number, isStarted = true) {
  const clock = new ManualClock()
  const log = recordingLogger()
  const made: Made[] = []
  const told: string[] = []
  /** What preparing does in hosts to come. */
  const prepare = { fails: false }
  const hosts = new RoomHosts({
    count,
    clock,
    logger: log,
    create(index, lose) {
      const host = new FakeRoomHost()
      const one: Made = { host, index, lose, events: undefined, isClosed: false }
      const { onPrepare } = host
      host.onPrepare = async (bundle) => {
        if (prepare.fails) throw new Error('will not load')
        return onPrepare(bundle)
      }
      host.start = async (events) => {
        one.events = events
      }
      host.close = async () => {
        one.isClosed = true
      }
      made.push(one)
      return host
    },
  })
  const note = new Proxy({} as RoomHostEvents, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        told.push(
          [name, ...args.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : arg))].join(' '),
        ),
  })
  await hosts.start(note)
  if (isStarted) {
    await hosts.prepare({ ...NO_SCRIPTS, version: 'v2' })
    hosts.activate()
  }
  const newest = (index: number): Made => made.findLast((one) => one.index === index) as Made
  /** Lets what is due happen, promises included. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }
  return { hosts, made, newest, told, clock, log, prepare, pass }
}

const created = ({ host }: Made) => host.taken('create').map(({ spec }) => spec.id)

describe('several hosts', () => {
  it('load scripts together; all have to succeed', async () => {
    const { hosts, made, prepare } = await world(2)
    expect(made.map(({ host }) => host.deployed)).toEqual([
      ['prepare v2', 'activate'],
      ['prepare v2', 'activate'],
    ])
    prepare.fails = true
    await expect(hosts.prepare(NO_SCRIPTS)).rejects.toThrow('will not load')
  })

  it('share rooms out, and commands go where the room is', async () => {
    const { hosts, made } = await world(2)
    for (const name of ['a', 'b', 'c', 'd']) hosts.createRoom(room(name))
    expect(made.map(created)).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ])
    hosts.leave('d' as RoomId, 1, 'left')
    hosts.endRoom('a' as RoomId, 'closed', 0)
    hosts.leave('nowhere' as RoomId, 1, 'left')
    expect(made.map(({ host }) => host.commands.slice(2).map(({ kind }) => kind))).toEqual([
      ['end'],
      ['leave'],
    ])
  })

  it('give the place of a room that has ended to the next', async () => {
    const { hosts, made } = await world(2)
    hosts.createRoom(room('a'))
    hosts.createRoom(room('b'))
    made[1]?.events?.roomEnded('b' as RoomId, { reason: 'finished' })
    hosts.createRoom(room('c'))
    expect(made.map(created)).toEqual([['a'], ['b', 'c']])
  })

  it('run an RPC where the fewest run', async () => {
    const { hosts, made } = await world(2)
    const answers: (() => void)[] = []
    for (const { host } of made) {
      host.onInvoke = () =>
        new Promise((resolve) => {
          answers.push(() => resolve({ kind: 'value', value: 1 }))
        })
    }
    const outcomes = [hosts.invoke(call), hosts.invoke(call), hosts.invoke(call)]
    await settled()
    expect(made.map(({ host }) => host.calls.length)).toEqual([2, 1])
    answers[1]?.()
    await outcomes[1]
    void hosts.invoke(call)
    await settled()
    expect(made.map(({ host }) => host.calls.length)).toEqual([2, 2])
  })

  it('close together', async () => {
    const { hosts, made, clock } = await world(2)
    await hosts.close()
    expect(made.every(({ isClosed }) => isClosed)).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('a host that is lost', () => {
  it('is replaced at once by one with the same scripts, which takes what came meanwhile', async () => {
    const { hosts, made, newest, pass, log } = await world(1)
    newest(0).lose('it hangs')
    hosts.createRoom(room('a'))
    const answer = hosts.invoke(call)
    expect(made).toHaveLength(1)
    await pass(0)
    expect(made).toHaveLength(2)
    expect(newest(0).host.deployed).toEqual(['prepare v2', 'activate'])
    expect(created(newest(0))).toEqual(['a'])
    expect(await answer).toEqual({ kind: 'value', value: 1 })
    expect(log.messages('warn')).toEqual(['a fresh thread takes its place'])
  })

  it('again and again is replaced after longer and longer pauses', async () => {
    const { newest, made, pass } = await world(1)
    const pauses: number[] = []
    for (let loss = 0; loss < 9; loss++) {
      newest(0).lose('it dies at once')
      const before = made.length
      let pausedMs = 0
      for (; made.length === before; pausedMs += 250) await pass(pausedMs === 0 ? 0 : 250)
      pauses.push(pausedMs - 250)
    }
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('is forgiven after a minute of good service', async () => {
    const { newest, made, pass } = await world(1)
    newest(0).lose('once')
    await pass(0)
    newest(0).lose('twice')
    await pass(500)
    expect(made).toHaveLength(3)
    await pass(61_000)
    newest(0).lose('much later')
    await pass(0)
    expect(made).toHaveLength(4)
  })

  it('whose successor does not start ends the rooms that wait, and is tried again', async () => {
    const { hosts, newest, told, prepare, pass, log, made } = await world(1)
    prepare.fails = true
    newest(0).lose('it hangs')
    hosts.createRoom(room('a'))
    hosts.createRoom(room('b'))
    hosts.endRoom('b' as RoomId, 'closed', 0)
    await pass(0)
    expect(told).toEqual([
      'roomEnded b {"reason":"closed"}',
      'roomEnded a {"reason":"host-lost","error":"no thread to run the room: will not load"}',
    ])
    expect(log.messages('error')).toEqual(['a fresh thread of rooms did not start'])
    expect(newest(0).isClosed).toBe(true)
    prepare.fails = false
    await pass(500)
    expect(made).toHaveLength(3)
    hosts.createRoom(room('c'))
    expect(created(newest(0))).toEqual(['c'])
  })

  it('does not come back when the server has been closed', async () => {
    const { hosts, newest, made, pass } = await world(1)
    const first = newest(0)
    await hosts.close()
    first.lose('late')
    await pass(60_000)
    expect(made).toHaveLength(1)
  })

  it('before the first scripts run is the start that fails, not something to be mended', async () => {
    const { newest, made, pass } = await world(1, false)
    newest(0).lose('at the very start')
    await pass(60_000)
    expect(made).toHaveLength(1)
  })
})
