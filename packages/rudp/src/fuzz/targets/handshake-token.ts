import { createDefaultProvider } from '../../crypto/default-provider.ts'
import { ConnectTokenIssuer, ConnectTokenOpener } from '../../handshake/connect-token.ts'
import { decodeTokenBody, encodeTokenBody } from '../../handshake/connect-token-body.ts'
import { parseConnectToken } from '../../handshake/connect-token-text.ts'
import { protocolIdOf } from '../../handshake/protocol-id.ts'
import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate } from '../mutate.ts'

const WALL_MS = 1_800_000_000_000

/** Connect tokens: sealed, opened and as text, each damaged. */
export const handshakeToken: FuzzTarget = {
  name: 'handshake-token',
  start(random) {
    const crypto = createDefaultProvider()
    const key = new Uint8Array(32)
    random.fill(key)
    const issuer = new ConnectTokenIssuer({
      crypto,
      random,
      keys: [key],
      protocol: 'fuzz',
      wallClock: () => WALL_MS,
    })
    const opener = new ConnectTokenOpener(crypto, [key], protocolIdOf(crypto, 'fuzz'))
    const token = issuer.issue({
      userId: 'someone',
      userData: new Uint8Array(40),
      addresses: [
        { ip: '192.0.2.1', port: 7350, worker: 0 },
        { ip: '2001:db8::1', port: 7350, worker: 1 },
      ],
    })
    const opened = opener.open(token.sealed, WALL_MS)
    if (opened.kind !== 'opened') throw new Error('a good token was refused')
    const body = encodeTokenBody(opened.token.body)
    const buffer = new Uint8Array(2_048)
    const damaged = (bytes: Uint8Array): Uint8Array => {
      buffer.set(bytes)
      return buffer.subarray(0, mutate(random, buffer, bytes.length))
    }
    return () => {
      if (random.chance(0.1)) {
        const sealed = damaged(token.sealed)
        const isWhole = Buffer.compare(sealed, token.sealed) === 0
        if (!isWhole && opener.open(sealed, WALL_MS).kind === 'opened')
          throw new Error('a forged token was opened')
      } else if (random.chance(0.5)) {
        const decoded = decodeTokenBody(damaged(body))
        if (decoded !== undefined && decoded.userData.length > buffer.length)
          throw new Error('user data from nowhere')
      } else {
        parseConnectToken(Buffer.from([1, ...damaged(body)]).toString('base64url'))
      }
    }
  },
}
