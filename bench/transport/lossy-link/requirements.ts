import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What this machine lacks for a {@link LossyLink}; empty when it can have one. */
export function missingForLossyLink(): string[] {
  const missing: string[] = []
  if (process.platform !== 'linux') missing.push('Linux (network namespaces and TUN devices)')
  if (process.getuid?.() !== 0) missing.push('root (to create network namespaces)')
  if (!existsSync('/dev/net/tun')) missing.push('/dev/net/tun (kernel module tun)')
  if (!hasCommand('ip', '-V')) missing.push('ip (Debian package iproute2)')
  if (!hasCommand('cc', '--version')) missing.push('cc (a C compiler, Debian package gcc)')
  return missing
}

/** Whether a command can be run with a harmless argument. */
export function hasCommand(command: string, argument: string): boolean {
  try {
    execFileSync(command, [argument], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
