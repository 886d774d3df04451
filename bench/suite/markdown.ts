import type { BenchReport, BenchTable } from './bench.ts'

/** A report as it is printed. */
export function toMarkdown(title: string, { tables, notes }: BenchReport): string {
  const parts = tables.map((table) =>
    table.caption === undefined ? rowsOf(table) : `${table.caption}\n\n${rowsOf(table)}`,
  )
  const remarks = notes.map((note) => `- ${note}`).join('\n')
  return [`## ${title}`, ...parts, ...(remarks === '' ? [] : [remarks])].join('\n\n')
}

function rowsOf({ head, rows }: BenchTable): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
