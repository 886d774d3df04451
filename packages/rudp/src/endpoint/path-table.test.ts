import { expect, it } from 'vitest'
import { PathTable } from './path-table.ts'

const first = { ip: '10.0.0.1', port: 1 }

it('knows the first address as path 0 and gives new ones numbers of their own', () => {
  const paths = new PathTable(first)
  expect(paths.find(first)).toBe(0)
  expect(paths.current).toEqual(first)
  const second = { ip: '10.0.0.1', port: 2 }
  expect(paths.find(second)).toBeUndefined()
  const id = paths.add(second)
  expect(paths.find(second)).toBe(id)
  expect(paths.addressOf(id)).toEqual(second)
  expect(paths.isSameHost(0, id)).toBe(true)
  expect(paths.isSameHost(0, paths.add({ ip: '10.0.0.2', port: 1 }))).toBe(false)
})

it('never gives a number twice, so that a forgotten address is not mistaken for another', () => {
  const paths = new PathTable(first)
  const id = paths.add({ ip: '10.0.0.2', port: 1 })
  paths.forget(id)
  expect(paths.addressOf(id)).toBeUndefined()
  expect(paths.isSameHost(id, id)).toBe(false)
  expect(paths.add({ ip: '10.0.0.3', port: 1 })).not.toBe(id)
})

it('keeps few addresses, and the current one always', () => {
  const paths = new PathTable(first)
  for (let port = 2; port < 50; port += 1) {
    paths.add({ ip: '10.0.0.1', port })
    paths.trim()
  }
  expect(paths.find(first)).toBe(0)
  expect(paths.find({ ip: '10.0.0.1', port: 49 })).toBeDefined()
  expect(paths.find({ ip: '10.0.0.1', port: 40 })).toBeUndefined()
})

it('copies the address it is given', () => {
  const remote = { ip: '10.0.0.9', port: 9 }
  const paths = new PathTable(remote)
  remote.port = 10
  expect(paths.current.port).toBe(9)
})
