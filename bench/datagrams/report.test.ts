import { expect, it } from 'vitest'
import { type DatagramResult, resultOf } from './measure.ts'
import { datagramTable } from './report.ts'

const load = { addresses: 16, datagramBytes: 64 }
const result: DatagramResult = {
  row: 'c',
  load,
  round: 0,
  serverCpuUs: 4,
  perSecond: 250_000,
  serverBusyShare: 1,
  generatorBusyShare: 0.8,
  bottleneck: 'server',
  lost: 0,
}

it('compares each row with C by medians, and marks a rate that is not the server’s', () => {
  const text = datagramTable([
    result,
    { ...result, serverCpuUs: 8, round: 1 },
    { ...result, serverCpuUs: 3, round: 2 },
    { ...result, row: 'native', serverCpuUs: 5, bottleneck: 'generator', lost: 2 },
    { ...result, row: 'native', serverCpuUs: 10, round: 1 },
    { ...result, row: 'native', serverCpuUs: 4, round: 2 },
    { ...result, row: 'node', load: { ...load, datagramBytes: 1000 } },
  ])
  expect(text).toContain('|  | addresses: 16, 64 B | addresses: 16, 1000 B |')
  expect(text).toContain('| C, `recvmmsg` and `sendmmsg` | 4.00 µs, 250,000/s | – |')
  expect(text).toContain('| native driver | 5.00 µs, 250,000/s (80 %) *, 2 lost | – |')
  expect(text).toContain('| `node:dgram` driver | – | 4.00 µs, 250,000/s |')
})

const sample = (atMs: number, cpuUs: number, datagrams: number) => ({ atMs, cpuUs, datagrams, lost: 0 })

it('says who set the pace: the server when it was busy, whatever the generator was', () => {
  const before = { server: sample(0, 0, 0), generator: sample(0, 0, 0) }
  const after = (serverCpuUs: number, generatorCpuUs: number) => ({
    server: sample(1_000, serverCpuUs, 1_000),
    generator: sample(1_000, generatorCpuUs, 1_000),
  })
  expect(resultOf('c', load, before, after(990_000, 990_000))).toMatchObject({
    bottleneck: 'server',
    serverCpuUs: 990,
    perSecond: 1_000,
  })
  expect(resultOf('c', load, before, after(700_000, 990_000)).bottleneck).toBe('generator')
  expect(resultOf('c', load, before, after(700_000, 700_000)).bottleneck).toBe('neither')
  expect(() => resultOf('c', load, before, before)).toThrow('nothing was echoed')
})
