// Bundles the SDK for browsers: `node build-bundle.mjs [folder]` writes kaosnet-client.js and its source map.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const outfile = join(process.argv[2] ?? here('dist'), 'kaosnet-client.js')

await build({
  entryPoints: [here('src/browser.ts')],
  // From the sources, so that a bundle never holds a stale build.
  alias: { '@kaosnet/protocol': here('../protocol/src/index.ts') },
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  sourcemap: true,
})

const bytes = await readFile(outfile)
const gzipBytes = gzipSync(bytes, { level: 9 }).length
console.log(`${outfile}: ${bytes.length} bytes, ${gzipBytes} bytes gzipped`)
