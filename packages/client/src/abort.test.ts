import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import { abortable, sleep, withDeadline } from './abort.ts'
import { clientClock, outcome, settle } from './testing/world.ts'

describe('abortable', () => {
  it('passes the result on', async () => {
    await expect(abortable(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1)
  })

  it('passes a failure on', async () => {
    const fault = new Error('fault')
    await expect(abortable(Promise.reject(fault), new AbortController().signal)).rejects.toBe(fault)
  })

  it('rejects with the signal’s reason and hands a late result over to be undone', async () => {
    const controller = new AbortController()
    let finish: (value: string) => void = () => {}
    const late: string[] = []
    const promise = new Promise<string>((resolve) => {
      finish = resolve
    })
    const ended = outcome(abortable(promise, controller.signal, (value) => late.push(value)))
    controller.abort('enough')
    await settle()
    expect(ended.error).toBe('enough')
    finish('socket')
    await settle()
    expect(late).toEqual(['socket'])
  })

  it('rejects at once when the signal is aborted already', async () => {
    const never = new Promise(() => {})
    await expect(abortable(never, AbortSignal.abort('before'))).rejects.toBe('before')
  })
})

describe('sleep', () => {
  it('waits for the time given', async () => {
    const time = new ManualClock()
    const ended = outcome(sleep(clientClock(time), 100, new AbortController().signal).then(() => 'awake'))
    time.advance(99)
    await settle()
    expect(ended.value).toBeUndefined()
    time.advance(1)
    await settle()
    expect(ended.value).toBe('awake')
  })

  it('is called off by its signal and leaves no timer', async () => {
    const time = new ManualClock()
    const controller = new AbortController()
    const ended = outcome(sleep(clientClock(time), 100, controller.signal))
    controller.abort('enough')
    await settle()
    expect(ended.error).toBe('enough')
    expect(time.pendingEvents).toBe(0)
    await expect(sleep(clientClock(time), 100, controller.signal)).rejects.toBe('enough')
    expect(time.pendingEvents).toBe(0)
  })
})

describe('withDeadline', () => {
  const never = (signal: AbortSignal) => abortable(new Promise<never>(() => {}), signal)

  it('aborts the work after the time, with the error of the deadline', async () => {
    const time = new ManualClock()
    const late = new Error('late')
    const outer = new AbortController()
    const ended = outcome(withDeadline(clientClock(time), 500, outer.signal, () => late, never))
    time.advance(499)
    await settle()
    expect(ended.error).toBeUndefined()
    time.advance(1)
    await settle()
    expect(ended.error).toBe(late)
  })

  it('aborts the work with the outer signal, and leaves no timer however it ends', async () => {
    const time = new ManualClock()
    const outer = new AbortController()
    const ended = outcome(withDeadline(clientClock(time), 500, outer.signal, () => new Error('late'), never))
    outer.abort('closed')
    await settle()
    expect(ended.error).toBe('closed')
    expect(time.pendingEvents).toBe(0)
    const work = async () => 'done'
    const signal = new AbortController().signal
    const done = await withDeadline(clientClock(time), 500, signal, () => new Error('late'), work)
    expect(done).toBe('done')
    expect(time.pendingEvents).toBe(0)
  })
})
