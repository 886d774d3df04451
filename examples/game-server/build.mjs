/** Bundles the page's script: `web/main.ts` and all it imports become `public/dist/arena.js`. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const inFolder = (path) => fileURLToPath(new URL(path, import.meta.url))

await build({
  entryPoints: [inFolder('web/main.ts')],
  outfile: inFolder('public/dist/arena.js'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  sourcemap: true,
  logLevel: 'warning',
})
