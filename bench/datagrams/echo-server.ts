import { BenchProcess } from '../transport/processes/child-process.ts'
import { LineProcess } from '../transport/processes/line-process.ts'
import type { DatagramSample } from './datagram-sample.ts'
import type { DriverEchoApi } from './processes/driver-echo-process.ts'
import type { DatagramRow } from './rows.ts'

const ANSWER_WITHIN_MS = 10_000

/** An echo server in a process of its own. */
export interface EchoServer {
  readonly port: number
  sample(): Promise<DatagramSample>
  stop(): Promise<void>
}

/**
 * @param prefix what to run it through, for example `['taskset', '-c', '0']`
 * @param program the compiled `programs/c-echo.c`
 * @throws Error when it does not start, for example because the native driver was not built
 */
export function startEchoServer(
  row: DatagramRow,
  prefix: readonly string[],
  program: string,
): Promise<EchoServer> {
  return row === 'c' ? startProgram([...prefix, program]) : startDriver(row, prefix)
}

async function startProgram(commandLine: readonly string[]): Promise<EchoServer> {
  const server = new LineProcess('C echo', commandLine)
  return {
    port: Number(await server.nextLine()),
    sample: async () => JSON.parse(await server.command('sample')) as DatagramSample,
    stop: async () => server.kill(),
  }
}

async function startDriver(driver: 'native' | 'node', prefix: readonly string[]): Promise<EchoServer> {
  const server = new BenchProcess<DriverEchoApi>({
    name: `${driver} echo`,
    module: new URL('processes/driver-echo-process.js', import.meta.url),
    prefix,
    answerWithinMs: ANSWER_WITHIN_MS,
  })
  try {
    return {
      port: await server.call('listen', { driver }),
      sample: () => server.call('sample', null),
      stop: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
