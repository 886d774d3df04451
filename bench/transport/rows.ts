import { ECHO_TRANSPORTS } from './echo/echo-transport.ts'

/** Rows that are C programs of their own, in the latency table only, where the library is installed. */
export const ENET_ROWS = ['enet-reliable', 'enet-unsequenced'] as const

export type EnetRow = (typeof ENET_ROWS)[number]

/** In the order of the tables. */
export const BENCH_ROWS = [...ECHO_TRANSPORTS.slice(0, 2), ...ENET_ROWS, ...ECHO_TRANSPORTS.slice(2)]

export type BenchRow = (typeof BENCH_ROWS)[number]

export const ROW_TITLES: Readonly<Record<BenchRow, string>> = {
  dgram: '`node:dgram`',
  ws: 'WebSocket (`ws`)',
  'enet-reliable': 'ENet reliable',
  'enet-unsequenced': 'ENet unsequenced',
  'rudp-ordered': 'kaos-rudp reliable-ordered',
  'rudp-ordered-eager': 'kaos-rudp reliable-ordered, `eager`',
  'rudp-unreliable': 'kaos-rudp unreliable',
}

export function isEnetRow(row: BenchRow): row is EnetRow {
  return ENET_ROWS.some((name) => name === row)
}
