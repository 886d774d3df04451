// Bundles the SDK for browsers: `node build-bundle.mjs [folder]` writes kaosnet-client.js and its source map.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const outfile = join(process.argv[2] ?? here('dist'), 'kaosnet-client.js')

/** Leaves out the standard extension types, which a bundler cannot see to be unused: we always pass a codec of our own. */
const slimMessagePack = {
  name: 'slim-messagepack',
  setup({ onLoad }) {
    onLoad({ filter: /@msgpack[\\/]msgpack[\\/]dist\.esm[\\/]ExtensionCodec\.mjs$/ }, () => ({
      contents: 'export const ExtensionCodec = { defaultCodec: undefined }',
    }))
  },
}

/** Names of methods and fields that the MessagePack library has for itself alone: short ones will do. */
const messagePackInternals = new RegExp(
  `^(${[
    'write[UIF]\\d+\\w*',
    'reinitializeState',
    'ensureBufferSizeToWrite',
    'encode(NumberAsFloat|BigInt64)',
    'writeStringHeader',
    'countWithoutUndefined',
  ].join('|')})$`,
)

await build({
  entryPoints: [here('src/browser.ts')],
  // From the sources, so that a bundle never holds a stale build.
  alias: { '@kaosnet/protocol': here('../protocol/src/index.ts') },
  plugins: [slimMessagePack],
  mangleProps: messagePackInternals,
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
