// Builds the datagram addon with the system's C compiler. npm runs this on install: it prints one line and never
// fails, because without the addon everything works over node:dgram.
//
//   KAOSNET_NATIVE=0   do not build
//   CC                 the compiler, default cc
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILE_WITHIN_MS = 60_000
const CHECK_WITHIN_MS = 10_000

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, 'datagrams.c')
const buildFolder = join(here, '..', 'build')

try {
  const outcome = install()
  if (outcome !== undefined) console.log(`kaos-rudp: ${outcome}`)
} catch (error) {
  console.log(`kaos-rudp: node:dgram will be used: ${error instanceof Error ? error.message : error}`)
}

/** @returns what to say, or undefined when there is nothing new */
function install() {
  if (process.env.KAOSNET_NATIVE === '0') return 'node:dgram will be used: KAOSNET_NATIVE=0'
  if (process.platform !== 'linux') return 'node:dgram will be used: the native driver is for Linux'
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16)
  const name = `datagrams-${process.platform}-${process.arch}-${hash}.node`
  const addon = join(buildFolder, name)
  if (existsSync(addon) && failureOf(addon) === undefined) return undefined
  const unfinished = `${addon}.${process.pid}`
  try {
    mkdirSync(buildFolder, { recursive: true })
    compile(unfinished)
    const failure = failureOf(unfinished)
    if (failure !== undefined) throw new Error(`the native driver was built but does not work: ${failure}`)
    renameSync(unfinished, addon)
  } finally {
    rmSync(unfinished, { force: true })
  }
  for (const other of readdirSync(buildFolder)) {
    if (other.startsWith(`datagrams-${process.platform}-${process.arch}-`) && other !== name) {
      rmSync(join(buildFolder, other), { force: true })
    }
  }
  return 'the native datagram driver was built'
}

function compile(output) {
  const compiler = process.env.CC || 'cc'
  const [command, ...flags] = compiler.split(' ').filter((part) => part !== '')
  const headers = headerFolder()
  const { error, status, stderr } = spawnSync(
    command,
    [...flags, '-std=gnu11', '-O2', '-Wall', '-shared', '-fPIC', `-I${headers}`, '-o', output, source],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: COMPILE_WITHIN_MS },
  )
  if (error?.code === 'ENOENT') throw new Error(`there is no C compiler (${compiler})`)
  if (error !== undefined) throw error
  if (status !== 0)
    throw new Error(`${compiler} failed: ${stderr.split('\n').find((line) => /error/.test(line))}`)
}

/** Where Node.js keeps node_api.h and uv.h. Its archives have them; some distributions put them into another package. */
function headerFolder() {
  const candidates = [
    process.env.npm_config_nodedir && join(process.env.npm_config_nodedir, 'include', 'node'),
    resolve(process.execPath, '..', '..', 'include', 'node'),
    '/usr/include/node',
    '/usr/include/nodejs',
  ]
  const found = candidates.find(
    (folder) => folder && ['node_api.h', 'uv.h'].every((header) => existsSync(join(folder, header))),
  )
  if (found === undefined) throw new Error('the headers of Node.js (node_api.h, uv.h) are not installed')
  return found
}

/** Tries the addon in a process of its own, which it may crash. @returns what went wrong */
function failureOf(addon) {
  const script = `
    const module = { exports: {} }
    process.dlopen(module, process.argv[1])
    const socket = module.exports.open('127.0.0.1', 0, false, () => {})
    if (typeof socket === 'number') throw new Error('open: ' + socket)
    socket.close(() => {})`
  const { error, status, signal, stderr } = spawnSync(process.execPath, ['-e', script, addon], {
    encoding: 'utf8',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: CHECK_WITHIN_MS,
  })
  if (error === undefined && status === 0) return undefined
  return (
    error?.message ?? signal ?? stderr.split('\n').find((line) => /Error/.test(line)) ?? `status ${status}`
  )
}
