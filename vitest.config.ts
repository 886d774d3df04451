import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests import the packages' sources, so a test never runs against a stale build. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@kaosnet\/rudp\/testing$/, replacement: source('packages/rudp/src/testing/index.ts') },
      {
        find: /^@kaosnet\/(protocol|rudp|lua|server|client)$/,
        replacement: source('packages/$1/src/index.ts'),
      },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'examples/*/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
  },
})
