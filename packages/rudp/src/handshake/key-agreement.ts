import { equalBytes } from '../crypto/constant-time.ts'
import { type CryptoProvider, SHA256_BYTES } from '../crypto/crypto-provider.ts'
import { hkdfExpandLabel, hkdfExtract } from '../crypto/hkdf.ts'
import { deriveHandshakeKeys, type HandshakeKeys } from './handshake-keys.ts'
import { concatBytes } from './bytes.ts'
import { CONNECT_PROOF_BYTES } from './connect-packet.ts'

/**
 * Both sides' knowledge before the key exchange, 32 bytes: the connect token's client secret, or the shared
 * secret of client ephemeral and pinned server key, or zeros in insecure mode.
 */
export type AuthSecret = Uint8Array

const textEncoder = new TextEncoder()
const PROOF_SALT = textEncoder.encode('krp2 connect')
const TRANSCRIPT_LABEL = textEncoder.encode('krp2 transcript')

/** Stands in the transcript where no server key is pinned. */
export const NO_SERVER_KEY: Uint8Array = new Uint8Array(32)

/** proof = HMAC-SHA256/128(Extract("krp2 connect", authSecret), CONNECT up to the end of its token). */
export function connectProof(crypto: CryptoProvider, authSecret: AuthSecret, signed: Uint8Array): Uint8Array {
  return crypto
    .hmacSha256(hkdfExtract(crypto, PROOF_SALT, authSecret), signed)
    .subarray(0, CONNECT_PROOF_BYTES)
}

/** Whether the sender of a CONNECT knew the auth secret. */
export function isConnectProven(
  crypto: CryptoProvider,
  authSecret: AuthSecret,
  signed: Uint8Array,
  proof: Uint8Array,
): boolean {
  return equalBytes(connectProof(crypto, authSecret, signed), 0, proof, 0, CONNECT_PROOF_BYTES)
}

export interface HandshakeTranscript {
  /** CONNECT up to the end of its token, and its proof. */
  readonly connectSigned: Uint8Array
  readonly connectProof: Uint8Array
  /** The server's static public key, or {@link NO_SERVER_KEY}. */
  readonly serverPublicKey: Uint8Array
  /** The bytes of ACCEPT before its sealed part. */
  readonly acceptHeader: Uint8Array
}

export interface ConnectionSecrets {
  /** Seals the body of ACCEPT, once, with packet number 0. */
  readonly handshakeKeys: HandshakeKeys
  readonly clientToServer: Uint8Array
  readonly serverToClient: Uint8Array
}

/**
 * prk = Extract(salt = SHA-256(transcript), ikm = authSecret | ephemeral shared secret), then one secret per use.
 * Each side's packets and the answer in ACCEPT therefore depend on every byte both have seen.
 */
export function deriveConnectionSecrets(
  crypto: CryptoProvider,
  transcript: HandshakeTranscript,
  authSecret: AuthSecret,
  ephemeralShared: Uint8Array,
): ConnectionSecrets {
  const transcriptHash = crypto.sha256(
    concatBytes(
      TRANSCRIPT_LABEL,
      transcript.connectSigned,
      transcript.connectProof,
      transcript.serverPublicKey,
      transcript.acceptHeader,
    ),
  )
  const pseudoRandomKey = hkdfExtract(crypto, transcriptHash, concatBytes(authSecret, ephemeralShared))
  const expand = (label: string) => hkdfExpandLabel(crypto, pseudoRandomKey, label, SHA256_BYTES)
  return {
    handshakeKeys: deriveHandshakeKeys(crypto, expand('krp2 hs')),
    clientToServer: expand('krp2 c2s'),
    serverToClient: expand('krp2 s2c'),
  }
}
