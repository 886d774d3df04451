import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodePackage, peerManifest } from './manifest.ts'
import { npmFailure } from './npm-failure.ts'

/** This file runs as `bench/dist/arena/colyseus/install/peer-folder.js`. */
const PEER_FOLDER = fileURLToPath(new URL('../../../../arena/colyseus/.peer/', import.meta.url))
const COMPILED_GAME = fileURLToPath(new URL('../game/', import.meta.url))
const INSTALL_TIMEOUT_MS = 300_000
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

export interface InstalledPeer {
  /** The program. */
  readonly node: string
  /** The game's server, beside the packages that it imports. */
  readonly server: string
}

/**
 * Installs the peer into its folder unless it is there already. Only the npm registry is asked, and no install script
 * runs.
 * @throws Error that says in one line why this cannot be done here
 */
export async function installPeer(progress: (text: string) => void): Promise<InstalledPeer> {
  const nodePackageName = nodePackage(process.platform, process.arch)
  if (nodePackageName === undefined) {
    throw new Error(`the npm registry has no Node for ${process.platform} on ${process.arch}`)
  }
  const manifest = peerManifest(nodePackageName)
  const modules = join(PEER_FOLDER, 'node_modules')
  // Written last, so that what was interrupted begins again.
  const installed = join(modules, '.arena-installed.json')
  if ((await readIfThere(installed)) !== manifest) {
    progress('installing Colyseus and a Node for it')
    await rm(PEER_FOLDER, { recursive: true, force: true })
    await mkdir(PEER_FOLDER, { recursive: true })
    await writeFile(join(PEER_FOLDER, 'package.json'), manifest)
    await npmInstall()
    await writeFile(installed, manifest)
  }
  // From beside its packages the server can import them by name. It changes more often than they do.
  const game = join(PEER_FOLDER, 'game')
  await rm(game, { recursive: true, force: true })
  await cp(COMPILED_GAME, game, {
    recursive: true,
    filter: (path) => !path.endsWith('.map') && !path.endsWith('.d.ts'),
  })
  return {
    node: join(modules, nodePackageName, 'bin', 'node'),
    server: join(game, 'server-process.js'),
  }
}

async function npmInstall(): Promise<void> {
  const env = { ...process.env }
  // `npm run` sets it to the repository's root, and the npm below would install there.
  delete env.npm_config_local_prefix
  const args = [
    'install',
    '--prefix',
    PEER_FOLDER,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    // Without a network, npm would try for minutes.
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ]
  try {
    await promisify(execFile)('npm', args, {
      cwd: PEER_FOLDER,
      env,
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    })
  } catch (error) {
    const { stderr, killed, code } = error as { stderr?: string; killed?: boolean; code?: unknown }
    if (code === 'ENOENT') throw new Error('there is no command npm', { cause: error })
    const reason = killed === true ? 'npm did not come to an end' : npmFailure(stderr ?? '')
    throw new Error(reason, { cause: error })
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}
