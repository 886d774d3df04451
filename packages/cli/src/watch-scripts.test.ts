import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { watchScripts } from './watch-scripts.ts'

/** A watched folder below a hidden one, and what was called. */
async function watched(onChanged: () => Promise<void> = async () => {}) {
  const root = mkdtempSync(join(tmpdir(), 'kaosnet-watch-'))
  const dir = join(root, '.hidden', 'lua')
  mkdirSync(join(dir, 'ai'), { recursive: true })
  writeFileSync(join(dir, 'ai', 'path.lua'), 'one')
  let calls = 0
  const watcher = await watchScripts([dir], async () => {
    calls++
    await onChanged()
  })
  onTestFinished(async () => {
    await watcher.close()
    rmSync(root, { recursive: true })
  })
  return { dir, watcher, calls: () => calls }
}

it('calls once for several files that change together, in folders of folders too', async () => {
  const { dir, calls } = await watched()
  writeFileSync(join(dir, 'main.lua'), 'new')
  writeFileSync(join(dir, 'ai', 'path.lua'), 'two')
  await expect.poll(calls, { timeout: 5_000 }).toBe(1)
})

it('calls again for what changes while the callback runs', async () => {
  let finish = (): void => {}
  const { dir, calls } = await watched(() => new Promise((resolve) => (finish = resolve)))
  writeFileSync(join(dir, 'main.lua'), 'one')
  await expect.poll(calls, { timeout: 5_000 }).toBe(1)
  writeFileSync(join(dir, 'main.lua'), 'two')
  finish()
  await expect.poll(calls, { timeout: 5_000 }).toBe(2)
  finish()
})

it('passes over hidden files and node_modules, as the server does', async () => {
  const { dir, calls } = await watched()
  mkdirSync(join(dir, 'node_modules'))
  writeFileSync(join(dir, 'node_modules', 'x.lua'), '')
  writeFileSync(join(dir, '.main.lua.swp'), '')
  writeFileSync(join(dir, 'main.lua'), '')
  await expect.poll(calls, { timeout: 5_000 }).toBe(1)
})
