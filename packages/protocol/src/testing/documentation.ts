import { type ErrorName, ErrorTable } from '../errors.ts'
import { WireLimits } from '../limits.ts'
import { isClientOp, Op } from '../opcodes.ts'
import {
  ClientPayloads,
  departure,
  matchedPlayer,
  partyMember,
  presence,
  resume,
  roomFind,
  roomSummary,
  ServerPayloads,
  ticketStage,
} from '../payloads.ts'
import type { FieldType } from '../schema.ts'

interface Table {
  readonly header: readonly string[]
  /** The first cell of a row is its key. */
  readonly rows: readonly (readonly string[])[]
}

type Fields = Readonly<Record<string, FieldType<unknown>>>

const code = (text: string | number): string => `\`${text}\``

function payloadTable(fields: Fields): Table {
  return {
    header: ['field', 'type', 'needed', 'meaning'],
    rows: Object.entries(fields).map(([name, type]) => [
      code(name),
      type.label,
      type.isOptional === true ? 'optional' : 'yes',
    ]),
  }
}

function operationsTable(): Table {
  const binary = ['Heartbeat', 'SessionAck', 'RoomData', 'RoomState']
  return {
    header: ['code', 'operation', 'client sends', 'server sends', 'payload', 'meaning'],
    rows: Object.entries(Op).map(([name, op]) => [
      code(`0x${op.toString(16).padStart(2, '0')}`),
      name,
      isClientOp(op) ? 'yes' : '–',
      name in ServerPayloads || binary.includes(name) ? 'yes' : '–',
      binary.includes(name) ? 'fixed layout' : 'map',
    ]),
  }
}

function limitsTable(): Table {
  return {
    header: ['limit', 'value', 'meaning'],
    rows: Object.entries(WireLimits).map(([name, value]) => [code(name), value.toLocaleString('en')]),
  }
}

function errorsTable(family: number): Table {
  const names = Object.keys(ErrorTable) as ErrorName[]
  return {
    header: ['code', 'name', 'action', 'violation', 'text', 'when you see it, and what to do'],
    rows: names
      .filter((name) => Math.floor(ErrorTable[name].code / 100) === family)
      .map((name) => {
        const { code: number, action, isViolation, text } = ErrorTable[name]
        return [String(number), code(name), action, isViolation ? 'yes' : '–', text]
      }),
  }
}

/** Every table that a page may ask for, by the name in its `<!-- table: … -->` comment. */
export const tables: Readonly<Record<string, Table>> = {
  operations: operationsTable(),
  limits: limitsTable(),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 9].map((family) => [`errors ${family}xx`, errorsTable(family)] as const),
  ),
  ...Object.fromEntries(
    Object.values(ClientPayloads).map(
      ({ name, fields }) => [`${name} of the client`, payloadTable(fields)] as const,
    ),
  ),
  ...Object.fromEntries(
    Object.values(ServerPayloads).map(
      ({ name, fields }) => [`${name} of the server`, payloadTable(fields)] as const,
    ),
  ),
  ...Object.fromEntries(
    [presence, departure, roomSummary, resume, roomFind, ticketStage, matchedPlayer, partyMember].map(
      ({ name, fields }) => [name, payloadTable(fields)] as const,
    ),
  ),
}

const TABLE = /<!-- table: (.+?) -->\n(.*?)<!-- end -->/gs

export function tablesIn(page: string): string[] {
  return [...page.matchAll(TABLE)].map(([, name = '']) => name)
}

/** The page with its tables drawn anew. The last column is written by hand: it is kept, row by row. */
export function renderTables(page: string): string {
  return page.replace(TABLE, (_, name: string, old: string) => {
    const table = tables[name]
    if (table === undefined) throw new Error(`there is no table "${name}"`)
    const kept = new Map(
      old.split('\n').map((line) => {
        const cells = cellsOf(line)
        return [cells[0] ?? '', cells.at(-1) ?? ''] as const
      }),
    )
    const rows = table.rows.map((cells) => [...cells.map(escapePipes), kept.get(cells[0] ?? '') ?? ''])
    const lines = alignedTable([table.header, ...rows])
    return `<!-- table: ${name} -->\n${lines.join('\n')}\n<!-- end -->`
  })
}

/** Rows of the page's tables whose last column says nothing. */
export function rowsWithoutMeaning(page: string): string[] {
  return [...page.matchAll(TABLE)].flatMap(([, name, body = '']) =>
    body
      .split('\n')
      .filter((line) => line.startsWith('|') && (cellsOf(line).at(-1) ?? '') === '')
      .map((line) => `${name}: ${line}`),
  )
}

/** As the formatter lays tables out: each column as wide as its widest cell. */
function alignedTable([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map((cell) => cell.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function escapePipes(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** An annotated dump: each line begins with bytes; two spaces and a remark may follow. */
export interface Dump {
  readonly vector: string
  readonly hex: string
}

export function dumpsIn(page: string): Dump[] {
  return [...page.matchAll(/<!-- vector: (.+?) -->\n```\n(.*?)```/gs)].map(([, vector = '', body = '']) => ({
    vector,
    hex: body
      .split('\n')
      .map((line) => line.trimStart().split(/ {2,}/)[0] ?? '')
      .join('')
      .replaceAll(' ', ''),
  }))
}
