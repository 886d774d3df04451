import { describe, expect, it } from 'vitest'
import { Emitter } from './emitter.ts'
import { settle } from './testing/world.ts'

interface Events {
  number: number
  word: string
}

function setUp() {
  const failures: [unknown, string][] = []
  const emitter = new Emitter<Events>((thrown, name) => failures.push([thrown, name]))
  const seen: string[] = []
  return { emitter, failures, seen }
}

describe('Emitter', () => {
  it('calls the listeners of a name in the order they were added, and no others', () => {
    const { emitter, seen } = setUp()
    emitter.on('number', (n) => seen.push(`a${n}`))
    emitter.on('word', (w) => seen.push(w))
    emitter.on('number', (n) => seen.push(`b${n}`))
    emitter.emit('number', 1)
    expect(seen).toEqual(['a1', 'b1'])
  })

  it('reports a listener that throws and still calls the others', () => {
    const { emitter, failures, seen } = setUp()
    const fault = new Error('fault')
    emitter.on('number', () => {
      throw fault
    })
    emitter.on('number', (n) => seen.push(`b${n}`))
    emitter.emit('number', 1)
    expect(seen).toEqual(['b1'])
    expect(failures).toEqual([[fault, 'number']])
  })

  it('reports an async listener that rejects', async () => {
    const { emitter, failures } = setUp()
    const fault = new Error('fault')
    emitter.on('word', async () => {
      throw fault
    })
    emitter.emit('word', 'x')
    await settle()
    expect(failures).toEqual([[fault, 'word']])
  })

  it('takes a listener away by what on() returned and by off()', () => {
    const { emitter, seen } = setUp()
    const listener = (n: number) => seen.push(`a${n}`)
    const unsubscribe = emitter.on('number', listener)
    unsubscribe()
    unsubscribe()
    emitter.on('number', listener)
    emitter.off('number', listener)
    emitter.off('word', () => {})
    emitter.emit('number', 1)
    expect(seen).toEqual([])
    expect(emitter.listenerCount('number')).toBe(0)
  })

  it('calls a once() listener once, even when the event is emitted again from within it', () => {
    const { emitter, seen } = setUp()
    emitter.once('number', (n) => {
      seen.push(`a${n}`)
      emitter.emit('number', n + 1)
    })
    emitter.emit('number', 1)
    emitter.emit('number', 3)
    expect(seen).toEqual(['a1'])
  })

  it('lets the event in progress reach everyone it began with when a listener changes the list', () => {
    const { emitter, seen } = setUp()
    const second = () => seen.push('second')
    emitter.on('number', () => {
      emitter.off('number', second)
      emitter.on('number', () => seen.push('third'))
    })
    emitter.on('number', second)
    emitter.emit('number', 1)
    expect(seen).toEqual(['second'])
    emitter.emit('number', 2)
    expect(seen).toEqual(['second', 'third'])
  })
})
