// `npm run soak [-- --minutes 10 --bots 30 --players 10]`: the arena, full of bots and of SDK players that come, move and go
// over UDP and WebSocket. Fails when anything is logged as a warning or an error, when a player sees an error, or when
// rooms or sessions are left over.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, setUp } from './setup.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    bots: { type: 'string', default: '30' },
    players: { type: 'string', default: '10' },
  },
})
const durationMs = Number(values.minutes) * 60_000
const playerCount = Number(values.players)

setUp()
const { KaosClient } = await import(join(root, 'packages', 'client', 'dist', 'index.js'))

const problems = []
const server = spawn(
  process.execPath,
  [
    join(root, 'packages', 'cli', 'dist', 'main.js'),
    'start',
    join(root, 'examples', 'game-server'),
    '--anonymous',
    '--port=0',
    `--env=bots=${values.bots}`,
    '--log-format=json',
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
)
process.on('exit', () => server.kill('SIGKILL'))
let partialLine = ''
server.stderr.on('data', (chunk) => {
  const lines = (partialLine + chunk).split('\n')
  partialLine = lines.pop()
  for (const line of lines) {
    const level = line.startsWith('{') ? JSON.parse(line).level : 50
    if (level >= 40) problems.push(`log: ${line}`)
  }
})
let output = ''
const url = await new Promise((resolve, reject) => {
  server.stdout.on('data', (chunk) => {
    output += chunk
    const match = output.match(/http:\/\/localhost:\d+\//)
    if (match !== null) resolve(match[0])
  })
  server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)))
})
console.log(`${url}: ${values.bots} bots, ${playerCount} players, ${values.minutes} minutes`)

const endMs = performance.now() + durationMs
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
let received = 0
let stays = 0

/** Joins, moves about for a while, leaves, and again. */
async function play(index) {
  const transport = index % 2 === 0 ? 'udp' : 'websocket'
  while (performance.now() < endMs) {
    const client = new KaosClient(url, { username: `Player${index}`, transport, reconnect: false })
    client.on('error', ({ error }) => problems.push(`player ${index}: ${error.message}`))
    await client.connect()
    const room = await client.joinRoom((await client.rpc('arena_find')).room_id)
    room.on('data', () => received++)
    const leaveMs = Math.min(endMs, performance.now() + 5_000 + Math.random() * 30_000)
    for (let number = 1; performance.now() < leaveMs; number++) {
      const input = new Uint8Array([number & 0xff, (number >> 8) & 0xff, (number * 3) & 0xff, 127])
      room.send(1, input, { reliable: false })
      await pause(33)
    }
    if (Math.random() < 0.5) await room.leave()
    await client.close()
    stays++
  }
}

const progress = setInterval(() => {
  const left = Math.max(0, Math.round((endMs - performance.now()) / 1000))
  console.log(`${left} s left, ${received} messages received, ${stays} stays, ${problems.length} problems`)
}, 30_000)
await Promise.all(Array.from({ length: playerCount }, (_, index) => play(index))).catch((error) => {
  problems.push(`a player failed: ${error.stack}`)
})
clearInterval(progress)

await pause(1_000)
const metrics = await (await fetch(`${url}metrics`)).text()
/** The sum over all labels. */
const value = (name) =>
  [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'gm'))].reduce(
    (sum, [, text]) => sum + Number(text),
    0,
  )
if (value('kaosnet_sessions') !== 0) problems.push(`${value('kaosnet_sessions')} sessions are left over`)
console.log(
  `${received} messages received in ${stays} stays; ticks ${value('kaosnet_ticks_total')}, skipped ${value('kaosnet_ticks_skipped_total')}, memory ${Math.round(value('process_resident_memory_bytes') / 2 ** 20)} MiB`,
)
server.removeAllListeners('exit')
const stopped = new Promise((resolve) => server.once('exit', resolve))
server.kill('SIGTERM')
const code = await stopped
if (code !== 0) problems.push(`the server ended with ${code}`)
for (const problem of problems.slice(0, 20)) console.error(problem)
console.log(problems.length === 0 ? 'no problem' : `${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
