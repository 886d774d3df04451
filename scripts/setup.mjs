// What `npm start`, `npm test` and `npm run build` share: install what is missing, build what is stale.
// Runs before anything is installed, so it uses Node alone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const NODE_MIN = [20, 19]

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return
  fail(`KaosNet needs Node ${NODE_MIN.join('.')} or newer; this is ${process.versions.node}.`)
}

/** Installs dependencies unless the lock file is the one they were installed from. */
export function ensureInstalled() {
  const stamp = join(root, 'node_modules', '.kaosnet-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.error('Installing dependencies (npm ci) …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, wanted)
}

/** Compiles what changed (TypeScript project references, the datagram addon) and bundles what browsers load, and the command. */
export function ensureBuilt() {
  if (!existsSync(join(root, 'packages', 'cli', 'dist', 'main.js'))) console.error('Building …')
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'])
  for (const script of [
    'packages/rudp/native/install.mjs',
    'packages/client/build-bundle.mjs',
    'packages/cli/build-bundle.mjs',
    'examples/game-server/build.mjs',
  ]) {
    run(process.execPath, [join(root, script)])
  }
}

export function setUp() {
  requireNode()
  ensureInstalled()
  ensureBuilt()
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (status !== 0) fail(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

export function fail(message) {
  console.error(message)
  process.exit(1)
}
