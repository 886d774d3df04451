import type { LatencyPattern } from '../latency/echo-times.ts'
import { compile } from '../lossy-link/compile.ts'
import type { LossyLink } from '../lossy-link/lossy-link.ts'
import type { LatencyMeasurement } from '../processes/latency-generator-process.ts'
import { LineProcess } from '../processes/line-process.ts'
import type { EnetRow } from '../rows.ts'

const PORT = 7351

/** Compiles the ENet program; undefined where the library (Debian package libenet-dev) is not installed. */
export function compileEnetEcho(): string | undefined {
  try {
    return compile('enet/enet-echo.c', '-lenet')
  } catch {
    return undefined
  }
}

/** Measures one ENet row. `onConnected` is awaited between connecting and measuring. */
export async function measureEnet(
  program: string,
  row: EnetRow,
  link: LossyLink,
  pattern: LatencyPattern,
  onConnected: () => Promise<void>,
): Promise<LatencyMeasurement> {
  const { connections, messageBytes, hz, warmUpSeconds, seconds } = pattern
  const target = [link.far.ip, String(PORT)]
  const server = new LineProcess('The ENet server', [...link.far.commandPrefix, program, 'server', ...target])
  const load = [connections, messageBytes, hz, warmUpSeconds, seconds].map(String)
  const mode = row === 'enet-reliable' ? 'reliable' : 'unsequenced'
  await server.nextLine()
  const client = new LineProcess('The ENet client', [
    ...link.near.commandPrefix,
    program,
    'client',
    ...target,
    ...load,
    mode,
  ])
  try {
    await client.nextLine()
    await onConnected()
    return JSON.parse(await client.command('measure')) as LatencyMeasurement
  } finally {
    client.kill()
    server.kill()
  }
}
