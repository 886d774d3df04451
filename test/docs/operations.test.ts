import { KaosClient } from '@kaosnet/client'
import { ErrorTable } from '@kaosnet/protocol'
import { describeConfig } from '@kaosnet/server'
import { SignJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createProgram } from '../../packages/cli/src/program.ts'
import { connectPlayer } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'
import { codeBlocks, pathOf, readPage, runExample } from './page.ts'
import { drawTables, type Table, tableRows } from './table.ts'

const PAGE = 'docs/operations.md'
const page = readPage(PAGE)
const code = (text: string) => `\`${text}\``

/** The metrics of an exposition (text format 0.0.4), in the order given, with every label seen. */
function metricsIn(exposition: string): Map<string, { type: string; help: string; labels: Set<string> }> {
  const metrics = new Map<string, { type: string; help: string; labels: Set<string> }>()
  for (const [, name = '', help = '', type = ''] of exposition.matchAll(
    /^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)$/gm,
  ))
    metrics.set(name, { type, help, labels: new Set() })
  for (const [, name = '', labels = ''] of exposition.matchAll(/^(\w+)\{(.*)\}/gm)) {
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''))
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') metric?.labels.add(label)
  }
  return metrics
}

const isOurs = (name: string) => name.startsWith('kaosnet_')

function optionsTable(): Table {
  const io = {
    environment: {},
    write: () => {},
    fail: () => {},
    exit: () => {},
    kill: () => {},
    onSignal: () => {},
  }
  const start = createProgram(io).commands.find((command) => command.name() === 'start')
  return {
    header: ['option', 'meaning'],
    rows: (start?.options ?? []).map(({ flags, description }) => [code(flags), description]),
  }
}

function configurationTable(): Table {
  return {
    header: ['field', 'variable', 'default', 'meaning'],
    rows: describeConfig().map(({ path, variable, defaultValue, text }) => [
      code(path),
      code(variable),
      defaultValue === undefined ? '–' : code(defaultValue),
      text,
    ]),
  }
}

describe('docs/operations.md', () => {
  it('lists every option, field and metric as the code has it (vitest -u draws them anew)', async () => {
    const exposition = await (await startTestServer({})).metrics()
    const metrics = [...metricsIn(exposition)].map(([name, { type, help }]) => ({
      isOurs: isOurs(name),
      row: [code(name), type, help],
    }))
    const rowsOf = (areOurs: boolean) =>
      metrics.filter((metric) => metric.isOurs === areOurs).map(({ row }) => row)
    const tables: Record<string, Table> = {
      options: optionsTable(),
      configuration: configurationTable(),
      metrics: { header: ['metric', 'type', 'meaning', 'labels, and what to watch'], rows: rowsOf(true) },
    }
    // Elsewhere Node cannot tell everything about its process.
    if (process.platform === 'linux') {
      tables['process metrics'] = { header: ['metric', 'type', 'meaning'], rows: rowsOf(false) }
    }
    await expect(drawTables(page, tables)).toMatchFileSnapshot(pathOf(PAGE))
  })

  it('says what each metric is good for', () => {
    expect(tableRows(page, 'metrics').filter((cells) => cells.at(-1) === '')).toEqual([])
  })

  it('names the labels that metrics have', async () => {
    const server = await startTestServer(
      {
        'main.lua': `kaos.register_rpc('fail', function() error('on purpose') end)`,
        'room.lua': matchModule({
          match_loop: 'function(ctx, state, tick, messages) if #messages == 0 then return state end end',
        }),
      },
      { limits: { rooms: 1 } },
    )
    const ada = await connectPlayer(server)
    await expect(ada.rpc('fail')).rejects.toMatchObject({ error: 'RPC_FAILED' })
    const room = await ada.joinRoom(await ada.createRoom('room'))
    await expect(ada.createRoom('room')).rejects.toMatchObject({ error: 'TOO_MANY_ROOMS' })
    const closed = new Promise((resolve) => room.on('closed', resolve))
    room.send(1)
    await closed
    await ada.close()
    await expect.poll(() => server.server.sessionCount).toBe(0)

    const told = new Map(tableRows(page, 'metrics').map(([name, , , last]) => [name, last ?? '']))
    const labelled = [...metricsIn(await server.metrics())].filter(
      ([name, { labels }]) => isOurs(name) && labels.size > 0,
    )
    expect(labelled.length).toBeGreaterThanOrEqual(8)
    for (const [name, { labels }] of labelled) {
      for (const label of labels) expect(told.get(code(name)), name).toContain(code(label))
    }
  })

  it('warns by metrics, fields and errors that exist', async () => {
    const { metrics } = await startTestServer({})
    const names = [...metricsIn(await metrics()).keys()]
    const mentioned = new Set(page.match(/kaosnet_[a-z_]+/g))
    expect(
      [...mentioned].filter((name) => !names.includes(name.replace(/_(bucket|sum|count)$/, ''))),
    ).toEqual([])

    const fields = new Set(describeConfig().map(({ path }) => path))
    const sections = new Set([...fields].map((path) => path.split('.')[0] ?? ''))
    const fieldsMentioned = [...page.matchAll(/`([a-z]+)\.([a-zA-Z]+)`/g)].filter(([, section = '']) =>
      sections.has(section),
    )
    expect(fieldsMentioned.length).toBeGreaterThan(fields.size / 2)
    expect(fieldsMentioned.map(([path]) => path.slice(1, -1)).filter((path) => !fields.has(path))).toEqual([])

    const errors = [...page.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, name = '']) => name)
    const isVariable = (name: string) => name.startsWith('KAOSNET_')
    expect(errors.filter((name) => !isVariable(name) && !(name in ErrorTable))).toEqual([])
    const variables = new Set(describeConfig().map(({ variable }) => variable))
    expect(errors.filter((name) => isVariable(name) && !variables.has(name))).toEqual([])
  })

  it('signs tokens that the server takes', async () => {
    const secret = 'a secret that two servers share, at least 32 characters'
    const server = await startTestServer({}, { auth: { anonymous: false, hs256Secret: secret } })
    const [signing = ''] = codeBlocks(page, 'js')
    const scope = { SignJWT, process: { env: { KAOSNET_AUTH_HS256_SECRET: secret } } }
    const token = (await runExample(signing, scope, 'token')) as string
    const client = new KaosClient(server.url, { token, reconnect: false })
    onTestFinished(() => client.close())
    expect(await client.connect()).toMatchObject({
      userId: 'user-42',
      username: 'Ada',
      vars: { region: 'eu' },
      isAuthenticated: true,
    })
  })
})
