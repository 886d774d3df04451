import { isIPv4 } from 'node:net'

/** Whether a numeric address can be reached from this machine only: 127.0.0.0/8 and ::1. */
export function isLoopback(ip: string): boolean {
  return isIPv4(ip) ? ip.startsWith('127.') : ip === '::1'
}
