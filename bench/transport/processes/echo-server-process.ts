import {
  type EchoEndpoint,
  type EchoServer,
  type EchoTransportName,
  loadEchoTransport,
} from '../echo/echo-transport.ts'
import { serveParent } from './child-process.ts'
import { type ProcessSample, sampleProcess } from './process-sample.ts'

/** The process that runs one echo server. */
export type EchoServerApi = {
  listen(argument: { transport: EchoTransportName; host: string }): Promise<EchoEndpoint>
  sample(argument: null): Promise<ProcessSample>
}

function createEchoServerProcess(): EchoServerApi {
  let server: EchoServer | undefined
  return {
    async listen({ transport, host }) {
      server = await (await loadEchoTransport(transport)).listen(host)
      return server.endpoint
    },
    async sample() {
      return sampleProcess(server?.messages() ?? 0)
    },
  }
}

serveParent(createEchoServerProcess())
