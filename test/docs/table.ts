export interface Table {
  readonly header: readonly string[]
  /** The first cell of a row is its key. A row that is shorter than the header ends in a cell written by hand. */
  readonly rows: readonly (readonly string[])[]
}

const TABLE = /<!-- table: (.+?) -->\n(.*?)<!-- end -->/gs

/** The page with the given tables drawn anew; the cells written by hand are kept, row by row. */
export function drawTables(page: string, tables: Readonly<Record<string, Table>>): string {
  return page.replace(TABLE, (whole, name: string, body: string) => {
    const table = tables[name]
    if (table === undefined) return whole
    const { header } = table
    const kept = new Map(rowsOf(body).map((cells) => [cells[0] ?? '', cells.at(-1) ?? '']))
    const rows = table.rows.map((row) => {
      const cells = row.map((cell) => cell.replaceAll('|', '\\|'))
      return cells.length < header.length ? [...cells, kept.get(cells[0] ?? '') ?? ''] : cells
    })
    return `<!-- table: ${name} -->\n${laidOut([header, ...rows]).join('\n')}\n<!-- end -->`
  })
}

/** The rows of one of the page's tables, without its header. */
export function tableRows(page: string, name: string): string[][] {
  for (const [, found, body = ''] of page.matchAll(TABLE)) {
    if (found === name) return rowsOf(body).slice(2)
  }
  throw new Error(`the page has no table "${name}"`)
}

function rowsOf(body: string): string[][] {
  return body
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** Each column as wide as its widest cell. */
function laidOut([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}
