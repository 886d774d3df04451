import { parseConnectToken } from '@kaosnet/rudp'
import { describe, expect, it } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import { resolveUdpKeys } from '../peer/udp-keys.ts'
import { Authenticator } from '../session/authenticator.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { ConnectService, type ConnectServiceOptions } from './connect-service.ts'

const FROM = { localAddress: '10.0.0.1', clientAddress: '192.0.2.1' }
const keys = resolveUdpKeys(resolveConfig({}).udp)

function service(
  options: Partial<ConnectServiceOptions> = {},
  auth: ServerConfigInput['auth'] = { anonymous: true },
) {
  const clock = new ManualClock({ unixMs: 1_000_000 })
  return new ConnectService({
    authenticator: new Authenticator(resolveConfig({ options: { auth } }).auth, clock, seededRandom(1)),
    keys,
    clock,
    metrics: { limitHit() {} },
    perSecondPerAddress: 50,
    websocketPath: '/ws',
    publicAddress: undefined,
    udpPort: () => 7_350,
    ...options,
  })
}

describe('ConnectService', () => {
  it('tells where UDP is, with the key to pin and a token for that address', async () => {
    const { websocket, udp } = await service().connect(FROM, {})
    expect(websocket).toEqual({ path: '/ws' })
    expect(udp).toEqual({
      host: '10.0.0.1',
      port: 7_350,
      server_key: Buffer.from(keys.publicKey).toString('base64url'),
      connect_token: expect.stringMatching(/^\S+$/),
      expires_ms: expect.any(Number),
    })
    const token = parseConnectToken(udp?.connect_token ?? '')
    expect(token?.addresses).toMatchObject([{ ip: '10.0.0.1', port: 7_350 }])
    expect(token?.expiresAtMs).toBe(udp?.expires_ms)
    expect(udp?.expires_ms).toBeGreaterThan(1_000_000)
  })

  it('gives each client a token of its own', async () => {
    const one = service()
    const tokens = [await one.connect(FROM, {}), await one.connect(FROM, {})]
    expect(tokens[0]?.udp?.connect_token).not.toBe(tokens[1]?.udp?.connect_token)
  })

  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8::1'],
  ])('tells a client that came in at %s to use %s', async (local, host) => {
    expect((await service().connect({ ...FROM, localAddress: local }, {})).udp?.host).toBe(host)
  })

  it('tells the public address where one is configured', async () => {
    const answer = await service({ publicAddress: '198.51.100.7' }).connect(FROM, {})
    expect(answer.udp?.host).toBe('198.51.100.7')
  })

  it('says nothing of UDP where that is off', async () => {
    expect(await service({ udpPort: () => 0 }).connect(FROM, {})).toEqual({
      websocket: { path: '/ws' },
    })
  })

  it.each([[undefined], [null], [''], [{}], [{ token: undefined }]])(
    'takes %j for no token',
    async (body) => {
      expect((await service().connect(FROM, body)).udp).toBeDefined()
      await expect(service({}, { anonymous: false }).connect(FROM, body)).rejects.toThrow(
        expect.objectContaining({ error: 'AUTH_REQUIRED' }),
      )
    },
  )

  it.each([['text'], [7], [{ token: 7 }], [{ token: null }], [true]])(
    'takes no body like %j',
    async (body) => {
      await expect(service().connect(FROM, body)).rejects.toThrow(
        expect.objectContaining({ error: 'INVALID_PAYLOAD' }),
      )
    },
  )

  it('checks the token as SessionStart will', async () => {
    const secret = { hs256Secret: 'a secret of thirty-two characters' }
    await expect(service({}, secret).connect(FROM, { token: 'forged' })).rejects.toThrow(
      expect.objectContaining({ error: 'AUTH_INVALID' }),
    )
  })
  it('answers one address so many times a second, and others all the same', async () => {
    const hits: string[] = []
    const clock = new ManualClock()
    const metrics = { limitHit: (limit: string) => void hits.push(limit) }
    const limited = service({ clock, metrics, perSecondPerAddress: 1 })
    const ask = (clientAddress: string) =>
      limited.connect({ ...FROM, clientAddress }, {}).then(
        () => 'answered',
        (error: { error: string }) => error.error,
      )
    const answers = [await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')]
    expect(answers).toEqual(['answered', 'answered', 'RATE_LIMITED'])
    expect(await ask('192.0.2.2')).toBe('answered')
    clock.stall(1_000)
    expect(await ask('192.0.2.1')).toBe('answered')
    expect(hits).toEqual(['connectionsPerSecondPerAddress'])
  })
})
