// `npm start [-- options]`: the arena example on an embedded default. Options go to `kaosnet start`;
// `--bots N` is this example's own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fail, root, setUp } from './setup.mjs'

const DEFAULT_BOTS = '6'

let bots = DEFAULT_BOTS
const options = []
const given = process.argv.slice(2)
for (let index = 0; index < given.length; index++) {
  const option = given[index]
  if (option === '--bots') bots = given[++index]
  else if (option.startsWith('--bots=')) bots = option.slice('--bots='.length)
  else options.push(option)
}
if (!/^\d+$/.test(bots ?? '')) fail('--bots takes a whole number, e.g. npm start -- --bots 12')

setUp()
const game = join(root, 'examples', 'game-server')
const server = spawn(
  process.execPath,
  [
    join(root, 'packages', 'cli', 'dist', 'main.js'),
    'start',
    game,
    '--anonymous',
    '--env',
    `bots=${bots}`,
    ...options,
  ],
  { stdio: 'inherit' },
)
// Ctrl+C reaches the server by itself (same terminal); a signal sent to this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) server.kill(signal)
  })
}
server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
