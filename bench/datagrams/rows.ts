/** In the order of the table; the first is what the others are compared with. */
export const DATAGRAM_ROWS = ['c', 'native', 'node'] as const

export type DatagramRow = (typeof DATAGRAM_ROWS)[number]

export const ROW_TITLES: Readonly<Record<DatagramRow, string>> = {
  c: 'C, `recvmmsg` and `sendmmsg`',
  native: 'native driver',
  node: '`node:dgram` driver',
}
