import { type DatagramBatch, type DatagramSocket, type DriverChoice, openDatagramSocket } from '@kaosnet/rudp'
import { serveParent } from '../../transport/processes/child-process.ts'
import { sampleProcess } from '../../transport/processes/process-sample.ts'
import type { DatagramSample } from '../datagram-sample.ts'

/** As in `RudpServer`. */
const BATCH_SIZE = 32
const BUFFER_BYTES = 4 * 1024 * 1024

/** The process that echoes datagrams over one of our drivers, used as the transport uses it. */
export type DriverEchoApi = {
  /** @returns the port */
  listen(argument: { driver: DriverChoice }): Promise<number>
  sample(argument: null): Promise<DatagramSample>
}

function createDriverEcho(): DriverEchoApi {
  let datagrams = 0

  function echo(socket: DatagramSocket, batch: DatagramBatch): void {
    const answers = socket.acquire()
    for (let slot = 0; slot < batch.count; slot += 1) {
      const begin = batch.offsetOf(slot)
      const datagram = batch.buffer.subarray(begin, begin + batch.lengthOf(slot))
      answers.push(datagram, batch.ipOf(slot), batch.portOf(slot))
    }
    datagrams += batch.count
    socket.send(answers)
  }

  return {
    async listen({ driver }) {
      const buffers = { receiveBufferBytes: BUFFER_BYTES, sendBufferBytes: BUFFER_BYTES }
      const options = { host: '127.0.0.1', port: 0, batchSize: BATCH_SIZE, ...buffers }
      const socket = await openDatagramSocket(options, driver)
      const drain = () => socket.drain()
      socket.onReadable = () => setImmediate(drain)
      socket.onReceive = (batch) => echo(socket, batch)
      return socket.local.port
    },
    async sample() {
      const { atMs, cpuUs } = sampleProcess(0)
      return { atMs, cpuUs, datagrams, lost: 0 }
    },
  }
}

serveParent(createDriverEcho())
