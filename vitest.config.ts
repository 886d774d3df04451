import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests with real sockets and processes that mostly wait: a few at a time. */
const patient = [
  'test/e2e/{access,command,deadlines,find-or-create,hooks,kill,matchmaker,relay,room-query,rooms,sessions,shutdown}.test.ts',
  'packages/rudp/src/driver/client-link.test.ts',
]

/** Tests with real sockets, processes or browsers: they run one after the other, when nothing else does. */
const real = [
  'test/{browser,docs,e2e,escape}/**/*.test.ts',
  'packages/rudp/src/scenarios/{10,19,20}-*.test.ts',
  'packages/rudp/src/driver/**/*.test.ts',
  'examples/game-server/test/arena-link.test.ts',
  'bench/load/links/{rudp-links,shared/batch-socket}.test.ts',
  'bench/suite/smoke.test.ts',
]

/** Tests import the packages' sources, so a test never runs against a stale build. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@kaosnet\/rudp\/testing$/, replacement: source('packages/rudp/src/testing/index.ts') },
      {
        find: /^@kaosnet\/server\/script$/,
        replacement: source('packages/server/src/script/typescript/index.ts'),
      },
      {
        find: /^@kaosnet\/(protocol|rudp|lua|server|client)$/,
        replacement: source('packages/$1/src/index.ts'),
      },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'simulated',
          include: [
            'packages/*/src/**/*.test.ts',
            'examples/*/**/*.test.ts',
            'bench/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**', ...patient, ...real],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'patient',
          include: patient,
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 30_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: real,
          exclude: ['**/node_modules/**', '**/dist/**', ...patient],
          testTimeout: 30_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
