import { expect, test } from 'vitest'
import { talk } from './client.ts'
import { startServer } from './server.ts'

test('the client hears everything back that it says', async () => {
  const server = await startServer(0)
  const lines: string[] = []
  try {
    await talk(`http://127.0.0.1:${server.port}`, (line) => lines.push(line))
  } finally {
    await server.stop()
  }
  expect(lines).toEqual([
    expect.stringMatching(/^connected as Ada, session [0-9a-f]{16}$/),
    'rpc echo → {"text":"hello"}',
    'joined room "echo" with 1 member',
    'value came back with op 1: {"text":"hello room"}',
    'bytes came back with op 2: [75,97,111,115]',
    'left the room',
    'closed',
  ])
})
