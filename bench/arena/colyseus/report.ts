import type { ColyseusCell } from './colyseus-cell.ts'

const MIB = 1024 * 1024

/** Markdown: one row for each size. */
export function colyseusTable(
  rows: readonly { readonly name: string; readonly cell: ColyseusCell }[],
): string {
  const header = [
    'server',
    'rooms',
    'CPU µs per message',
    'messages/s of core',
    'server core',
    'interval p50 / p99, ms',
    'ticks/s',
    'delivered',
    'inputs',
    'generator busy',
    'RSS, MiB',
  ]
  const lines = rows.map(({ name, cell }) => [
    name + (cell.isGeneratorLimit ? ' *' : '') + (cell.isDisturbed ? ' ‡' : ''),
    String(cell.rooms),
    cell.cpuUsPerMessage.toFixed(1),
    Math.round(1e6 / cell.cpuUsPerMessage).toLocaleString('en-US'),
    percent(cell.serverCoreShare, 0),
    `${cell.intervalMs.p50.toFixed(1)} / ${cell.intervalMs.p99.toFixed(1)}`,
    cell.tickHz.toFixed(2),
    percent(cell.deliveredShare, 1),
    percent(cell.inputShare, 1),
    percent(cell.generatorBusy, 0),
    (cell.rssBytes / MIB).toFixed(0),
  ])
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'))
  const table = [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const notes = [
    rows.some(({ cell }) => cell.isGeneratorLimit)
      ? ['* the generator was the bottleneck: no figures of the server']
      : [],
    rows.some(({ cell }) => cell.isDisturbed) ? ['‡ other programs were at work: measure again'] : [],
  ].flat()
  return notes.length === 0 ? table : `${table}\n\n${notes.join('; ')}`
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`
}
