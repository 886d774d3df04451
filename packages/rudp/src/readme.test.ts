import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runEcho } from '../examples/echo.ts'
import * as api from './index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it('the echo example echoes', async () => {
  const lines: string[] = []
  await runEcho((line) => lines.push(line))
  expect(lines).toEqual([
    expect.stringMatching(/^client: connected, encrypted by (sodium-native|node:crypto)$/),
    'client: "hello" came back on channel 0, reliable-ordered',
    'server: a client left: that was all',
  ])
})

/** Runs the code blocks of a README section as they stand there, with `names` in scope. */
async function runBlock(heading: string, names: Record<string, unknown>, ending: string): Promise<unknown> {
  const section = readme.slice(readme.indexOf(`## ${heading}`))
  const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
  const body = code.replaceAll(/^import .*$/gm, '')
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  return await new AsyncFunction(...Object.keys(names), `${body}\n${ending}`)(...Object.values(names))
}

it('the README’s echo runs as it stands', async () => {
  const lines: string[] = []
  const console = { log: (line: string) => lines.push(line) }
  const ending = 'return { server, client }'
  const { server, client } = (await runBlock('Echo', { ...api, console }, ending)) as {
    server: api.RudpServer
    client: api.RudpClientConnection
  }
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(lines).toEqual(['hello'])
  client.close()
  await client.closed
  await server.close()
})

it('the README’s connect token lets the user in', async () => {
  const masterKey = new Uint8Array(32).fill(3)
  let server: api.RudpServer | undefined
  const users: unknown[] = []
  const names = {
    ...api,
    masterKey,
    console: { log: (user: unknown) => users.push(user) },
    // The README's server has an address of its own; here it is found by the port it got.
    RudpServer: class extends api.RudpServer {
      constructor(options: api.RudpServerOptions) {
        super({ ...options, host: '127.0.0.1', port: 0 })
        server = this
      }
    },
    connectRudp: async (options: api.ConnectOptions) => {
      const { port } = (await server?.listen()) ?? { port: 0 }
      return await api.connectRudp({ ...options, addresses: [{ host: '127.0.0.1', port }] })
    },
  }
  const client = (await runBlock('Two ways in', names, 'return connection')) as api.RudpClientConnection
  while (users.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(users).toEqual(['alice'])
  client.close()
  await client.closed
  await server?.close()
})
