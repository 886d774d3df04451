/** Where an echo server listens, and what else a client must know to reach it. Crosses processes as JSON. */
export interface EchoEndpoint {
  readonly host: string
  readonly port: number
  /** The server's public key in hex, where the transport has one. */
  readonly serverPublicKey?: string
}

export interface EchoServer {
  readonly endpoint: EchoEndpoint
  /** Messages echoed so far. */
  messages(): number
  close(): Promise<void>
}

/** Called with each echo; the bytes are valid only during the call. */
export type EchoHandler = (message: Uint8Array) => void

export interface EchoClient {
  /** Sends one message now. The bytes are copied, or not touched again, before the call returns. */
  send(message: Uint8Array): void
  close(): Promise<void>
}

/** One row of the benchmark: a way to send a message to a server that returns it. */
export interface EchoTransport {
  /** Whether each message comes back without help; otherwise the generator replaces those that are lost. */
  readonly isReliable: boolean
  listen(host: string): Promise<EchoServer>
  connect(endpoint: EchoEndpoint, onEcho: EchoHandler): Promise<EchoClient>
}

export const ECHO_TRANSPORTS = [
  'dgram',
  'ws',
  'rudp-ordered',
  'rudp-ordered-eager',
  'rudp-unreliable',
] as const

export type EchoTransportName = (typeof ECHO_TRANSPORTS)[number]

/** Loads only what the row needs, so that no row's module is in another row's process. */
export async function loadEchoTransport(name: EchoTransportName): Promise<EchoTransport> {
  switch (name) {
    case 'dgram':
      return (await import('./dgram-echo.ts')).dgramEcho
    case 'ws':
      return (await import('./ws-echo.ts')).wsEcho
    case 'rudp-ordered':
      return (await import('./rudp-echo.ts')).createRudpEcho({ mode: 'reliable-ordered', isEager: false })
    case 'rudp-ordered-eager':
      return (await import('./rudp-echo.ts')).createRudpEcho({ mode: 'reliable-ordered', isEager: true })
    case 'rudp-unreliable':
      return (await import('./rudp-echo.ts')).createRudpEcho({ mode: 'unreliable', isEager: false })
    default:
      return name satisfies never
  }
}
