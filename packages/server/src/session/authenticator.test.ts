import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { WireLimits } from '@kaosnet/protocol'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { type AuthConfig, resolveConfig, type ServerConfigInput } from '../config.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { Authenticator } from './authenticator.ts'

const NOW_SECONDS = 1_700_000_000
const SECRET = 'a secret of thirty-two characters'
const OTHER_SECRET = 'b secret of thirty-two characters'
const ed25519 = generateKeyPairSync('ed25519')
const otherEd25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const PUBLIC_KEY = ed25519.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const claims = { sub: 'user-1', username: 'Ann', vars: { team: 'red' } }

function authenticator(auth: ServerConfigInput['auth'] = { hs256Secret: SECRET }): Authenticator {
  const clock = new ManualClock({ unixMs: NOW_SECONDS * 1000 })
  const config: AuthConfig = resolveConfig({ options: { auth } }).auth
  return new Authenticator(config, clock, seededRandom(1))
}

interface Signing {
  readonly alg?: string
  readonly key?: KeyObject | string
  readonly expiresIn?: number | undefined
}

/** A token with the claims given; it expires in an hour unless told otherwise. */
async function sign(payload: JWTPayload, signing: Signing = {}): Promise<string> {
  const { alg = 'HS256', key = SECRET } = signing
  const expiresIn = 'expiresIn' in signing ? signing.expiresIn : 3_600
  const jwt = new SignJWT(payload).setProtectedHeader({ alg })
  if (expiresIn !== undefined) jwt.setExpirationTime(NOW_SECONDS + expiresIn)
  return jwt.sign(typeof key === 'string' ? new TextEncoder().encode(key) : key)
}

function kaosError(error: string, text?: string | RegExp): unknown {
  const message = text === undefined ? expect.any(String) : expect.stringMatching(text)
  return expect.objectContaining({ error, message })
}

describe('without a token', () => {
  it('a session is refused by default', async () => {
    await expect(authenticator().authenticate({})).rejects.toThrow(kaosError('AUTH_REQUIRED'))
  })

  it('a session is anonymous where the configuration allows it', async () => {
    const open = authenticator({ anonymous: true })
    const identity = await open.authenticate({ username: 'Bob', vars: { lang: 'de' } })
    expect(identity).toEqual({
      userId: expect.stringMatching(/^[0-9a-f]{8}-/),
      username: 'Bob',
      vars: { lang: 'de' },
      isAuthenticated: false,
    })
    const other = await open.authenticate({ username: 'Bob' })
    expect(other.userId).not.toBe(identity.userId)
    expect(other.vars).toEqual({})
  })

  it.each([undefined, ''])('a guest gets a name made of its id when it gives %j', async (username) => {
    const { userId, username: name } = await authenticator({ anonymous: true }).authenticate({ username })
    expect(name).toBe(`guest-${userId.slice(0, 8)}`)
  })
})

describe('a token', () => {
  it('signed with HS256 says who the user is', async () => {
    expect(await authenticator().authenticate({ token: await sign(claims) })).toEqual({
      userId: 'user-1',
      username: 'Ann',
      vars: { team: 'red' },
      isAuthenticated: true,
    })
  })

  it('signed with EdDSA says who the user is', async () => {
    const signed = authenticator({ eddsaPublicKey: PUBLIC_KEY })
    for (const alg of ['EdDSA', 'Ed25519']) {
      const token = await sign(claims, { alg, key: ed25519.privateKey })
      expect(await signed.authenticate({ token })).toMatchObject({ userId: 'user-1', isAuthenticated: true })
    }
  })

  it('of either kind is taken where both keys are configured', async () => {
    const both = authenticator({ hs256Secret: SECRET, eddsaPublicKey: PUBLIC_KEY })
    const tokens = [await sign(claims), await sign(claims, { alg: 'EdDSA', key: ed25519.privateKey })]
    for (const token of tokens) expect(await both.authenticate({ token })).toMatchObject({ userId: 'user-1' })
  })

  it('wins over what the client says of itself, and leaves it the rest', async () => {
    const said = { username: 'Eve', vars: { team: 'blue' } }
    expect(await authenticator().authenticate({ ...said, token: await sign(claims) })).toMatchObject({
      username: 'Ann',
      vars: { team: 'red' },
    })
    expect(await authenticator().authenticate({ ...said, token: await sign({ sub: 'u' }) })).toMatchObject({
      userId: 'u',
      username: 'Eve',
      vars: { team: 'blue' },
    })
    expect(await authenticator().authenticate({ token: await sign({ sub: 'u' }) })).toMatchObject({
      username: '',
      vars: {},
    })
  })

  it('is checked where anonymous sessions are allowed, too', async () => {
    const open = authenticator({ anonymous: true, hs256Secret: SECRET })
    const token = await sign(claims, { key: OTHER_SECRET })
    await expect(open.authenticate({ token })).rejects.toThrow(kaosError('AUTH_INVALID'))
  })

  it('is refused where there is no key to check it with', async () => {
    const keyless = authenticator({ anonymous: true })
    await expect(keyless.authenticate({ token: await sign(claims) })).rejects.toThrow(
      kaosError('AUTH_INVALID', 'no key'),
    )
  })
})

describe('a token is refused', () => {
  async function refused(token: string, auth?: ServerConfigInput['auth']): Promise<void> {
    await expect(authenticator(auth).authenticate({ token })).rejects.toThrow(kaosError('AUTH_INVALID'))
  }

  it('that is signed with another key', async () => {
    await refused(await sign(claims, { key: OTHER_SECRET }))
    await refused(await sign(claims, { alg: 'EdDSA', key: otherEd25519.privateKey }), {
      eddsaPublicKey: PUBLIC_KEY,
    })
  })

  it('that was changed after it was signed', async () => {
    const [header, , signature] = (await sign(claims)).split('.')
    const forged = Buffer.from(JSON.stringify({ sub: 'admin', exp: NOW_SECONDS + 60 })).toString('base64url')
    await refused(`${header}.${forged}.${signature}`)
  })

  it('that uses no signature (alg none)', async () => {
    const token = new UnsecuredJWT(claims).setExpirationTime(NOW_SECONDS + 60).encode()
    await refused(token)
    await refused(token, { hs256Secret: SECRET, eddsaPublicKey: PUBLIC_KEY })
  })

  it.each([
    ['HS384', SECRET],
    ['HS512', SECRET.repeat(2)],
    ['RS256', rsa.privateKey],
  ] as const)('that uses another algorithm (%s)', async (alg, key) => {
    await refused(await sign(claims, { alg, key }), {
      hs256Secret: SECRET.repeat(2),
      eddsaPublicKey: PUBLIC_KEY,
    })
  })

  it('that is signed with HS256 and the public key as its secret', async () => {
    await refused(await sign(claims, { alg: 'HS256', key: PUBLIC_KEY }), { eddsaPublicKey: PUBLIC_KEY })
  })

  it('whose algorithm has no key here', async () => {
    await refused(await sign(claims, { alg: 'EdDSA', key: ed25519.privateKey }), { hs256Secret: SECRET })
    await refused(await sign(claims), { eddsaPublicKey: PUBLIC_KEY })
  })

  it.each(['', 'x', 'a.b.c', '...', '{}', 'eyJhbGciOiJIUzI1NiJ9..', '\u0000'])(
    'that is none: %j',
    async (token) => {
      await refused(token)
    },
  )
})

describe('the time of a token', () => {
  it('ends it, with an error of its own', async () => {
    const token = await sign(claims, { expiresIn: -60 })
    await expect(authenticator().authenticate({ token })).rejects.toThrow(kaosError('AUTH_EXPIRED'))
  })

  it('may be off by the tolerance of clocks', async () => {
    const auth = { hs256Secret: SECRET, clockToleranceSeconds: 10 }
    await authenticator(auth).authenticate({ token: await sign(claims, { expiresIn: -9 }) })
    await expect(
      authenticator(auth).authenticate({ token: await sign(claims, { expiresIn: -10 }) }),
    ).rejects.toThrow(kaosError('AUTH_EXPIRED'))
  })

  it('may lie ahead of its validity only by the tolerance', async () => {
    const early = await sign({ ...claims, nbf: NOW_SECONDS + 60 })
    await expect(authenticator().authenticate({ token: early })).rejects.toThrow(kaosError('AUTH_INVALID'))
    await authenticator().authenticate({ token: await sign({ ...claims, nbf: NOW_SECONDS + 5 }) })
  })

  it('must be there, unless the configuration says otherwise', async () => {
    const eternal = await sign(claims, { expiresIn: undefined })
    await expect(authenticator().authenticate({ token: eternal })).rejects.toThrow(
      kaosError('AUTH_INVALID', 'exp'),
    )
    const lax = authenticator({ hs256Secret: SECRET, requireExpiry: false })
    expect(await lax.authenticate({ token: eternal })).toMatchObject({ userId: 'user-1' })
  })
})

describe('issuer and audience', () => {
  const auth = { hs256Secret: SECRET, issuer: 'studio', audience: 'game' }

  it('must be right where they are configured', async () => {
    const right = { ...claims, iss: 'studio', aud: ['shop', 'game'] }
    expect(await authenticator(auth).authenticate({ token: await sign(right) })).toMatchObject({
      userId: 'user-1',
    })
    const wrong = [
      { ...right, iss: 'other' },
      { ...right, aud: 'shop' },
      { ...claims, aud: 'game' },
      { ...claims, iss: 'studio' },
    ]
    for (const payload of wrong) {
      await expect(authenticator(auth).authenticate({ token: await sign(payload) })).rejects.toThrow(
        kaosError('AUTH_INVALID'),
      )
    }
  })

  it('may be anything where they are not', async () => {
    const token = await sign({ ...claims, iss: 'anybody', aud: 'anything' })
    expect(await authenticator().authenticate({ token })).toMatchObject({ userId: 'user-1' })
  })
})

describe('claims', () => {
  const long = (bytes: number): string => 'x'.repeat(bytes)
  const manyVars = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, 'v']))

  it('may be as long as the wire allows', async () => {
    const payload = {
      sub: long(WireLimits.userIdBytes),
      username: long(WireLimits.usernameBytes),
      vars: { ...manyVars(15), [long(WireLimits.varKeyBytes)]: long(WireLimits.varValueBytes) },
    }
    expect(await authenticator().authenticate({ token: await sign(payload) })).toMatchObject({
      userId: payload.sub,
      username: payload.username,
      vars: payload.vars,
    })
  })

  it.each<[string, JWTPayload]>([
    ['no sub', { username: 'Ann' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is too long', { sub: long(WireLimits.userIdBytes + 1) }],
    ['a sub that is too long in UTF-8', { sub: '€'.repeat(43) }],
    ['an empty username', { sub: 'u', username: '' }],
    ['a username that is no text', { sub: 'u', username: 7 }],
    ['a username that is too long', { sub: 'u', username: long(WireLimits.usernameBytes + 1) }],
    ['vars that are a list', { sub: 'u', vars: ['a'] }],
    ['vars that are null', { sub: 'u', vars: null }],
    ['vars that are text', { sub: 'u', vars: 'a' }],
    ['too many vars', { sub: 'u', vars: manyVars(WireLimits.varsEntries + 1) }],
    ['a var that is no text', { sub: 'u', vars: { a: 1 } }],
    ['a var that is too long', { sub: 'u', vars: { a: long(WireLimits.varValueBytes + 1) } }],
    ['a var without a name', { sub: 'u', vars: { '': 'a' } }],
    ['a var with a long name', { sub: 'u', vars: { [long(WireLimits.varKeyBytes + 1)]: 'a' } }],
  ])('are refused with %s', async (_, payload) => {
    await expect(authenticator().authenticate({ token: await sign(payload) })).rejects.toThrow(
      kaosError('AUTH_INVALID', /^the token has/),
    )
  })

  it('may be null in nothing: a sub of null is none', async () => {
    const token = await sign({ sub: null } as unknown as JWTPayload)
    await expect(authenticator().authenticate({ token })).rejects.toThrow(kaosError('AUTH_INVALID'))
  })
})
