import {
  type CryptoProvider,
  createDefaultProvider,
  generateServerKey,
  serverPublicKey,
  type TokenKeys,
} from '@kaosnet/rudp'
import type { ServerConfig } from '../config.ts'
import { keepKey } from './key-file.ts'

/** What kaos-rudp identifies a server by. */
export interface UdpKeys {
  readonly crypto: CryptoProvider
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Seal and open connect tokens. */
  readonly tokenKeys: TokenKeys
}

const TOKEN_KEY_BYTES = 32

/**
 * The configured keys; fresh ones, good until the server stops, where none are.
 * @throws {ConfigError} when the file of the key is of no use
 */
export function resolveUdpKeys(config: ServerConfig['udp']): UdpKeys {
  const crypto = createDefaultProvider()
  const privateKey = resolvePrivateKey(config, crypto)
  const [newest, older] = config.tokenKeys?.map(fromBase64) ?? []
  const first = newest ?? randomKey(crypto)
  return {
    crypto,
    privateKey,
    publicKey: serverPublicKey(privateKey, crypto),
    tokenKeys: older === undefined ? [first] : [first, older],
  }
}

function resolvePrivateKey(config: ServerConfig['udp'], crypto: CryptoProvider): Uint8Array {
  const { enabled, keyFile, privateKey } = config
  const makeKey = (): Uint8Array => generateServerKey(crypto).privateKey
  if (privateKey !== undefined) return fromBase64(privateKey)
  // A server without UDP has nobody to recognise it, and leaves no secrets behind.
  return keyFile === undefined || !enabled ? makeKey() : keepKey(keyFile, makeKey)
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function randomKey(crypto: CryptoProvider): Uint8Array {
  const key = new Uint8Array(TOKEN_KEY_BYTES)
  crypto.random.fill(key)
  return key
}
