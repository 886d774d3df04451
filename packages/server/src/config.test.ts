import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, describeConfig, resolveConfig, type ServerConfigInput } from './config.ts'

const SECRET = '12345678901234567890123456789012'

/** A file that lives as long as the test that asks for it. */
function fileWith(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-config-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'kaosnet.json')
  writeFileSync(file, text)
  return file
}

function messageOf(sources: Parameters<typeof resolveConfig>[0]): string {
  try {
    resolveConfig(sources)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  return expect.unreachable('the configuration was accepted')
}

function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (value as Record<string, unknown>)[key], config)
}

/** A value for each field that differs from its default: as an environment variable, and as it must arrive. */
const samples: Readonly<Record<string, [string, unknown]>> = {
  host: ['127.0.0.1', '127.0.0.1'],
  port: ['7351', 7_351],
  publicDir: ['2024', '2024'],
  shutdownGraceSeconds: ['0', 0],
  'http.trustedProxies': ['["10.0.0.0/8","::1"]', ['10.0.0.0/8', '::1']],
  'udp.enabled': ['false', false],
  'matchmaker.isMutual': ['false', false],
  'udp.port': ['7352', 7_352],
  'udp.driver': ['node', 'node'],
  'udp.publicPort': ['443', 443],
  'udp.publicAddress': ['198.51.100.7', '198.51.100.7'],
  'udp.privateKey': ['A'.repeat(43), 'A'.repeat(43)],
  'udp.keyFile': ['7', '7'],
  'udp.tokenKeys': [`["${'B'.repeat(43)}"]`, ['B'.repeat(43)]],
  'udp.connectionsPerAddress': ['1', 1],
  'auth.anonymous': ['true', true],
  'auth.hs256Secret': [SECRET, SECRET],
  'auth.issuer': ['true', 'true'],
  'auth.audience': ['{"a":1}', '{"a":1}'],
  'auth.requireExpiry': ['false', false],
  'auth.clockToleranceSeconds': ['0.5', 0.5],
  'rooms.tickHz': ['29.97', 29.97],
  'rooms.emptyTimeoutMs': ['0', 0],
  'rooms.allowClientCreate': ['false', false],
  'rooms.relay': ['false', false],
  'rooms.onScriptError': ['continue', 'continue'],
  'rooms.onBudgetExceeded': ['continue', 'continue'],
  'rooms.workers': ['0', 0],
  'scripts.dir': ['7', '7'],
  'scripts.modulesDir': ['8', '8'],
  'scripts.cacheDir': ['9', '9'],
  'admin.token': ['an admin token of thirty-two characters', 'an admin token of thirty-two characters'],
  'scripts.entry': ['start', 'start'],
  'scripts.env': ['{"bots":"3"}', { bots: '3' }],
  'scripts.callVmsMin': ['2', 2],
  'log.level': ['silent', 'silent'],
}

function sampleOf(path: string): [string, unknown] {
  if (path === 'auth.eddsaPublicKey') {
    const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    return [pem, pem]
  }
  // What is left are numbers, all of which may be one more than their default or one less.
  const sample = samples[path]
  if (sample !== undefined) return sample
  const { defaultValue } = describeConfig().find((field) => field.path === path) ?? {}
  const least = Number(defaultValue) - 1
  return [String(least), least]
}

describe('the layers', () => {
  it('are options, file, environment, flags: each stronger than the one before', () => {
    const options = { port: 1, host: 'a', rooms: { tickHz: 11, maxPlayers: 11 } }
    const file = fileWith(JSON.stringify({ port: 2, host: 'b', rooms: { tickHz: 12 } }))
    const environment = { KAOSNET_PORT: '3', KAOSNET_HOST: 'c' }
    const flags = { port: 4 }
    expect(resolveConfig({ options, file, environment, flags })).toMatchObject({
      port: 4,
      host: 'c',
      rooms: { tickHz: 12, maxPlayers: 11 },
    })
    expect(resolveConfig({ options, file, environment }).port).toBe(3)
    expect(resolveConfig({ options, file }).port).toBe(2)
    expect(resolveConfig({ options }).port).toBe(1)
    expect(resolveConfig({}).port).toBe(7_350)
  })

  it('add up in what scripts read', () => {
    const config = resolveConfig({
      options: { scripts: { env: { a: '1', b: '1' } } },
      environment: { KAOSNET_SCRIPTS_ENV: '{"b":"2","c":"2"}' },
      flags: { scripts: { env: { c: '3' } } },
    })
    expect(config.scripts.env).toEqual({ a: '1', b: '2', c: '3' })
  })

  it('are not changed', () => {
    const options: ServerConfigInput = { rooms: { tickHz: 30 } }
    resolveConfig({ options, flags: { rooms: { tickHz: 60 }, scripts: { env: { a: 'b' } } } })
    expect(options).toEqual({ rooms: { tickHz: 30 } })
  })
})

describe('every field', () => {
  const fields = describeConfig().map(({ path, variable }) => [path, variable] as const)

  it.each(fields)('%s is read from %s', (path, variable) => {
    const [text, value] = sampleOf(path)
    expect(valueAt(resolveConfig({}), path)).not.toEqual(value)
    expect(valueAt(resolveConfig({ environment: { [variable]: text } }), path)).toEqual(value)
  })

  it('has a variable of its own, named after it', () => {
    const variables = fields.map(([, variable]) => variable)
    expect(new Set(variables).size).toBe(variables.length)
    expect(Object.fromEntries(fields)).toMatchObject({
      port: 'KAOSNET_PORT',
      publicDir: 'KAOSNET_PUBLIC_DIR',
      'auth.hs256Secret': 'KAOSNET_AUTH_HS256_SECRET',
      'auth.eddsaPublicKey': 'KAOSNET_AUTH_EDDSA_PUBLIC_KEY',
      'limits.rpcInFlight': 'KAOSNET_LIMITS_RPC_IN_FLIGHT',
      'limits.roomInputQueue': 'KAOSNET_LIMITS_ROOM_INPUT_QUEUE',
    })
  })

  it('is described, with its default', () => {
    const described = describeConfig()
    for (const { text } of described) expect(text).not.toBe('')
    const defaults = Object.fromEntries(described.map(({ path, defaultValue }) => [path, defaultValue]))
    expect(defaults).toMatchObject({
      port: '7350',
      host: '"0.0.0.0"',
      'auth.anonymous': 'false',
      'scripts.env': '{}',
      'log.level': '"info"',
    })
    expect(defaults['auth.issuer']).toBeUndefined()
    const config = resolveConfig({})
    for (const { path, defaultValue } of described) {
      expect(JSON.stringify(valueAt(config, path))).toBe(defaultValue)
    }
  })
})

describe('the environment', () => {
  it('is ignored where a variable is empty or not ours', () => {
    const environment = { KAOSNET_PORT: '', PORT: '1', KAOSNET: 'x', HOME: '/root' }
    expect(resolveConfig({ environment })).toEqual(resolveConfig({}))
  })

  it('leaves text as it is, even when it looks like a number', () => {
    const environment = { KAOSNET_AUTH_HS256_SECRET: SECRET, KAOSNET_AUTH_AUDIENCE: '42' }
    expect(resolveConfig({ environment }).auth).toMatchObject({ hs256Secret: SECRET, audience: '42' })
  })

  it.each([
    ['KAOSNET_PORT', 'seven'],
    ['KAOSNET_PORT', '80.5'],
    ['KAOSNET_PORT', '65536'],
    ['KAOSNET_PORT', '-1'],
    ['KAOSNET_PORT', 'null'],
    ['KAOSNET_PORT', '[1'],
    ['KAOSNET_AUTH_ANONYMOUS', 'yes'],
    ['KAOSNET_LOG_LEVEL', 'loud'],
    ['KAOSNET_SCRIPTS_ENV', '{"a":1}'],
    ['KAOSNET_UDP_TOKEN_KEYS', '["short"]'],
  ])('%s=%s is refused by the names of field and variable', (variable, text) => {
    const { path } = describeConfig().find((field) => field.variable === variable) ?? {}
    const message = messageOf({ environment: { [variable]: text } })
    expect(message).toContain(`  ${path}`)
    expect(message).toContain(variable)
  })
})

describe('a mistake', () => {
  it('is told with its field and where it came from', () => {
    const file = fileWith('{ "rooms": { "tickHz": 500 } }')
    expect(messageOf({ options: { port: -1 } })).toMatch(
      /^invalid configuration:\n {2}port: .+ \(the options\)$/,
    )
    expect(messageOf({ file })).toMatch(/ {2}rooms\.tickHz: .+$/)
    expect(messageOf({ file })).toContain(`(${file})`)
    expect(messageOf({ environment: { KAOSNET_ROOMS_TICK_HZ: '0' } })).toMatch(
      / {2}rooms\.tickHz: .+ \(KAOSNET_ROOMS_TICK_HZ\)$/,
    )
    expect(messageOf({ file, flags: { rooms: { tickHz: 999 } } })).toMatch(/\(the command line\)$/)
  })

  it('does not hide another one', () => {
    const message = messageOf({ options: { port: -1, limits: { sessions: 0 } } })
    expect(message.split('\n')).toHaveLength(3)
    expect(message).toMatch(/ {2}port: /)
    expect(message).toMatch(/ {2}limits\.sessions: /)
  })

  it('may be a field that does not exist', () => {
    const file = fileWith('{ "prot": 1 }')
    expect(messageOf({ file, flags: { port: 1 } })).toMatch(/ {2}prot: .+$/)
    expect(messageOf({ file, flags: { port: 1 } })).toContain(`(${file})`)
    expect(messageOf({ file: fileWith('{ "limits": { "room": 1 } }') })).toContain('  limits.room: ')
  })

  it.each<[string, ServerConfigInput]>([
    ['auth.hs256Secret', { auth: { hs256Secret: 'short' } }],
    ['auth.eddsaPublicKey', { auth: { eddsaPublicKey: 'no key' } }],
    ['auth.eddsaPublicKey', { auth: { eddsaPublicKey: rsaPublicKey() } }],
    ['rooms.tickHz', { rooms: { tickHz: 128.5 } }],
    ['rooms.tickHz', { rooms: { tickHz: Number.NaN } }],
    ['rooms.maxPlayers', { rooms: { maxPlayers: 65_536 } }],
    ['session.timeoutMs', { session: { timeoutMs: 0 } }],
    ['limits.messageBytes', { limits: { messageBytes: 262_145 } }],
    ['scripts.memoryBytes', { scripts: { memoryBytes: 1 } }],
    ['udp.privateKey', { udp: { privateKey: 'AAAA' } }],
    ['udp.publicAddress', { udp: { publicAddress: 'game.example.com' } }],
  ])('in %s is refused', (path, options) => {
    expect(messageOf({ options })).toContain(`  ${path}: `)
  })
})

describe('the file', () => {
  it('must be there and hold JSON', () => {
    expect(messageOf({ file: '/nowhere/kaosnet.json' })).toBe(
      'the configuration file /nowhere/kaosnet.json does not exist',
    )
    const file = fileWith('{ port: 1 }')
    expect(messageOf({ file })).toContain(`the configuration file ${file} is not valid JSON`)
    const secret = fileWith('{ "auth": { "hs256Secret" "0123456789abcdef" } }')
    expect(messageOf({ file: secret })).toMatch(/is not valid JSON: something is wrong at position \d+/)
    expect(messageOf({ file: secret })).not.toContain('0123')
  })

  it.each(['[]', '7', '"text"', 'null'])('must hold an object, not %s', (text) => {
    const file = fileWith(text)
    expect(messageOf({ file, flags: { port: 1 } })).toBe(
      `the configuration file ${file} does not hold a JSON object`,
    )
  })
})

function rsaPublicKey(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
