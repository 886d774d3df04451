import type { BenchReport, BenchTable } from './bench.ts'

/** A report as it is printed. */
export function toMarkdown(title: string, { tables, notes }: BenchReport): string {
  const parts = tables.map((table) =>
    table.caption === undefined ? toTable(table) : `${table.caption}\n\n${toTable(table)}`,
  )
  const remarks = notes.map((note) => `- ${note}`).join('\n')
  return [`## ${title}`, ...parts, ...(remarks === '' ? [] : [remarks])].join('\n\n')
}

/** A table without its caption; figures are to the right. */
export function toTable({ head, rows }: Pick<BenchTable, 'head' | 'rows'>): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
