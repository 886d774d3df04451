import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('node:module')
  vi.resetModules()
})

it('is sodium-native where that is installed', async () => {
  const { createDefaultProvider } = await import('./default-provider.ts')
  expect(createDefaultProvider().name).toBe('sodium-native')
})

it('is node:crypto where sodium-native cannot be loaded', async () => {
  vi.resetModules()
  vi.doMock('node:module', () => ({
    createRequire: () => () => {
      throw new Error('no build for this machine')
    },
  }))
  const { createDefaultProvider } = await import('./default-provider.ts')
  expect(createDefaultProvider().name).toBe('node:crypto')
})
