// Bundles the command with all that it consists of: `node build-bundle.mjs [folder]` writes main.js, worker-main.js (the
// thread of rooms), and what the two share or load only when they need it. See docs/decisions/021-bundled-command.md.
import { readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { thirdPartyNotice } from './third-party.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const source = (name) => here(`../${name}/src/index.ts`)
const outdir = process.argv[2] ?? here('dist')
const NOTICE = 'THIRD-PARTY.txt'

const { metafile } = await build({
  entryPoints: {
    main: here('src/main.ts'),
    'worker-main': here('../server/src/host/worker/worker-main.ts'),
  },
  // From the sources, so that a bundle never holds a stale build.
  alias: {
    '@kaosnet/lua': source('lua'),
    '@kaosnet/protocol': source('protocol'),
    '@kaosnet/rudp': source('rudp'),
    '@kaosnet/server': source('server'),
  },
  // jiti finds a part of itself beside its own file; the other two are for ws, where somebody has installed them.
  external: ['jiti', 'bufferutil', 'utf-8-validate'],
  outdir,
  // All in one folder: what is beside a module's file is beside its chunk.
  chunkNames: '[name]-[hash]',
  bundle: true,
  // What main thread and rooms both need is there once, and only what is needed is loaded.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Packages in CommonJS ask for Node's own modules by this name.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);",
  },
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  absWorkingDir: here('../..'),
})

await writeFile(join(outdir, NOTICE), await thirdPartyNotice(here('../..'), Object.keys(metafile.inputs)))
const written = new Set([NOTICE, ...Object.keys(metafile.outputs).map((path) => basename(path))])
for (const name of await readdir(outdir)) {
  if (!written.has(name)) await rm(join(outdir, name), { recursive: true })
}
