import {
  type CryptoProvider,
  createDefaultProvider,
  generateServerKey,
  serverPublicKey,
  type TokenKeys,
} from '@kaosnet/rudp'
import type { ServerConfig } from '../config.ts'

/** What kaos-rudp identifies a server by. */
export interface UdpKeys {
  readonly crypto: CryptoProvider
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Seal and open connect tokens. */
  readonly tokenKeys: TokenKeys
}

const TOKEN_KEY_BYTES = 32

/** The configured keys; fresh ones, good until the server stops, where none are. */
export function resolveUdpKeys(config: ServerConfig['udp']): UdpKeys {
  const crypto = createDefaultProvider()
  const privateKey =
    config.privateKey === undefined ? generateServerKey(crypto).privateKey : fromBase64(config.privateKey)
  const [newest, older] = config.tokenKeys?.map(fromBase64) ?? []
  const first = newest ?? randomKey(crypto)
  return {
    crypto,
    privateKey,
    publicKey: serverPublicKey(privateKey, crypto),
    tokenKeys: older === undefined ? [first] : [first, older],
  }
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function randomKey(crypto: CryptoProvider): Uint8Array {
  const key = new Uint8Array(TOKEN_KEY_BYTES)
  crypto.random.fill(key)
  return key
}
