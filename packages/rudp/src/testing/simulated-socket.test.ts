import { describe, expect, it } from 'vitest'
import { NetworkSimulator } from './network-simulator.ts'

const BYTE = new Uint8Array(1)

describe('SimulatedSocket', () => {
  it('answers reach the sender at its public address', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const log: string[] = []
    const server = network.attach('server', (_buffer, _length, from) => server.send(from, BYTE))
    const client = network.attach('client', (_buffer, _length, from) => log.push(from))
    client.send('server', BYTE)
    network.clock.advance(1)
    client.rebind('nat:2')
    client.send('server', BYTE)
    network.clock.advance(1)
    expect(log).toEqual(['server', 'server'])
  })

  it('sends from the new address after a rebinding, over the same links', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const { forward, backward } = network.connect('client', 'server', { delayMs: 10 })
    const froms: string[] = []
    const server = network.attach('server', (_buffer, _length, from) => {
      froms.push(from)
      server.send(from, BYTE)
    })
    const client = network.attach('client', () => {})
    client.send('server', BYTE)
    client.rebind('nat:2')
    client.send('server', BYTE)
    network.clock.advance(100)
    expect(froms).toEqual(['client', 'nat:2'])
    expect(forward.counters.sent).toBe(2)
    expect(backward.counters.sent).toBe(2)
  })

  it('no longer receives at the address it left, even what was under way', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const { backward } = network.connect('client', 'server', { delayMs: 10 })
    let received = 0
    const client = network.attach('client', () => (received += 1))
    const server = network.attach('server', () => {})
    server.send('client', BYTE)
    network.clock.advance(5)
    client.rebind('nat:2')
    server.send('client', BYTE)
    server.send('nat:2', BYTE)
    network.clock.advance(100)
    expect(received).toBe(1)
    expect(backward.counters).toMatchObject({ sent: 3, unroutable: 2, delivered: 1 })
    client.rebind('client')
    server.send('client', BYTE)
    network.clock.advance(100)
    expect(received).toBe(2)
  })

  it('cannot take an address that somebody else has', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const first = network.attach('first', () => {})
    network.attach('second', () => {})
    expect(() => network.attach('first', () => {})).toThrow('Address first is taken')
    expect(() => first.rebind('second')).toThrow('Address second is taken')
    expect(first.publicAddress).toBe('first')
    first.rebind('nat:1')
    expect(() => network.attach('nat:1', () => {})).toThrow('Address nat:1 is taken')
  })

  it('accepts forged source addresses, and answers to them go nowhere', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const server = network.attach('server', (_buffer, _length, from) => server.send(from, BYTE))
    network.send('1.2.3.4:5', 'server', BYTE)
    network.clock.advance(1)
    expect(network.counters()).toMatchObject({ sent: 2, delivered: 1, unroutable: 1 })
  })

  it('frees its address when detached, once', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const log: string[] = []
    const old = network.attach('a', () => log.push('old'))
    network.send('b', 'a', BYTE)
    old.detach()
    network.clock.advance(1)
    expect(network.counters().unroutable).toBe(1)
    network.attach('a', () => log.push('new'))
    old.detach()
    network.send('b', 'a', BYTE)
    network.clock.advance(1)
    expect(log).toEqual(['new'])
  })

  it('gets what arrived during a pause when it ends, in order', () => {
    const network = new NetworkSimulator({ seed: 1 })
    const log: string[] = []
    const socket = network.attach('a', (buffer, _length, _from, nowMs) =>
      log.push(`${buffer[0]} at ${nowMs}`),
    )
    network.clock.advance(10)
    socket.pauseUntil(310)
    for (let number = 1; number <= 3; number += 1) {
      network.send('b', 'a', new Uint8Array([number]))
      network.clock.advance(50)
    }
    expect(log).toEqual([])
    expect(network.datagramsInFlight).toBe(3)
    network.clock.advance(1000)
    network.send('b', 'a', new Uint8Array([4]))
    network.clock.advance(1)
    expect(log).toEqual(['1 at 310', '2 at 310', '3 at 310', '4 at 1160'])
    expect(network.datagramsInFlight).toBe(0)
  })
})
