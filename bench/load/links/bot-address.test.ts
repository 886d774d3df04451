import { describe, expect, it } from 'vitest'
import { botAddress, botAddressNumber, botOfAddress } from './bot-address.ts'

describe('botAddress', () => {
  it('gives each bot an address of its own, 64 of them to a /24', () => {
    expect([0, 63, 64, 16_384].map(botAddress)).toEqual([
      '127.16.0.1',
      '127.16.0.64',
      '127.16.1.1',
      '127.17.0.1',
    ])
    expect(botAddressNumber(0)).toBe(0x7f10_0001)
  })
})

describe('botOfAddress', () => {
  it('finds the bot again', () => {
    for (const index of [0, 1, 63, 64, 9_999, 16_384, 100_000])
      expect(botOfAddress(botAddressNumber(index))).toBe(index)
  })

  it('knows addresses that no bot has', () => {
    expect([0x7f00_0001, 0x7f10_0000, 0x7f10_0041, 0x0a10_0001, 0].map(botOfAddress)).toEqual(
      new Array(5).fill(-1),
    )
  })
})
