import { networkInterfaces } from 'node:os'

/** Whether this machine has the address now. After a change of network, sockets keep one it has no more. */
export function hasLocalAddress(ip: string): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === ip),
  )
}
