import type { CryptoProvider } from './crypto-provider.ts'
import { createNodeProvider } from './node-provider.ts'
import { createSodiumProvider } from './sodium-provider.ts'

/** The fastest cryptography this installation has: sodium-native, else node:crypto. `name` says which. */
export function createDefaultProvider(): CryptoProvider {
  return createSodiumProvider() ?? createNodeProvider()
}
