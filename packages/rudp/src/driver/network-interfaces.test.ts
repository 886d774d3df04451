import { expect, it } from 'vitest'
import { hasLocalAddress } from './network-interfaces.ts'

it('knows the machine’s own addresses from others', () => {
  expect(hasLocalAddress('127.0.0.1')).toBe(true)
  expect(hasLocalAddress('203.0.113.77')).toBe(false)
})
