import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** This file runs as `bench/dist/startup/install-size.js`. */
const PACKAGES = fileURLToPath(new URL('../../../packages/', import.meta.url))
/** The command, and what it depends on: the other packages are in its bundle. */
const OURS = ['cli', 'rudp'] as const
const NPM_TIMEOUT_MS = 120_000

export interface InstalledPackage {
  readonly name: string
  readonly bytes: number
}

export interface InstallSize {
  /** Of all files, as long as they are. */
  readonly bytes: number
  /** Largest first. */
  readonly packages: readonly InstalledPackage[]
}

/**
 * Packs the `kaosnet` command and installs it with all it depends on into a temporary folder, as `npm install kaosnet`
 * would; only install scripts do not run.
 * @throws Error of npm, for example where there is no registry
 */
export async function measureInstall(): Promise<InstallSize> {
  const folder = await mkdtemp(join(tmpdir(), 'kaosnet-install-'))
  try {
    await npm(folder, ['pack', ...OURS.map((name) => join(PACKAGES, name))])
    const archives = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    await npm(folder, [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--fetch-retries=1',
      ...archives,
    ])
    const packages = await packagesIn(join(folder, 'node_modules'))
    packages.sort((one, other) => other.bytes - one.bytes)
    return { bytes: packages.reduce((sum, { bytes }) => sum + bytes, 0), packages }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function npm(cwd: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env }
  // `npm run` sets it to the repository's root, and the npm below would install there.
  delete env.npm_config_local_prefix
  await promisify(execFile)('npm', [...args, '--prefix', cwd], { cwd, env, timeout: NPM_TIMEOUT_MS })
}

/** Of a `node_modules`; packages nested in others count with these. */
async function packagesIn(folder: string): Promise<InstalledPackage[]> {
  const packages: InstalledPackage[] = []
  for (const name of await readdir(folder)) {
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    if (name.startsWith('@')) {
      for (const one of await packagesIn(path)) packages.push({ ...one, name: `${name}/${one.name}` })
    } else {
      packages.push({ name, bytes: await bytesOf(path) })
    }
  }
  return packages
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}
