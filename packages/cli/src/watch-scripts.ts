import { relative, sep } from 'node:path'

/** Something that watches until it is closed. */
export interface ScriptWatcher {
  close(): Promise<void>
}

/** An editor that saves several files, or one in several steps, shall cause one reload. */
const QUIET_MS = 100

/**
 * Calls back when files in the folders have changed and been left alone for a moment. Changes that come while the callback
 * runs lead to one more call. Resolves when watching has begun.
 */
export async function watchScripts(
  folders: readonly string[],
  onChanged: () => Promise<void>,
): Promise<ScriptWatcher> {
  let timer: NodeJS.Timeout | undefined
  let isRunning = false
  let isClosed = false
  const changed = (): void => {
    clearTimeout(timer)
    if (!isClosed) timer = setTimeout(run, QUIET_MS)
  }
  const run = (): void => {
    if (isRunning) return changed()
    isRunning = true
    void onChanged().finally(() => {
      isRunning = false
    })
  }
  // Servers that watch nothing start sooner without it.
  const { watch } = await import('chokidar')
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (path) => folders.some((folder) => isPassedOver(relative(folder, path))),
  })
  watcher.on('all', changed)
  await new Promise<void>((resolve) => watcher.once('ready', resolve))
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await watcher.close()
    },
  }
}

/** As the server does: hidden files and node_modules. */
function isPassedOver(path: string): boolean {
  return path.split(sep).some((part) => part === 'node_modules' || (part.startsWith('.') && part !== '..'))
}
