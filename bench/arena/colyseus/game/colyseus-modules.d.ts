/** What the arena uses of Colyseus. The packages are not installed here, but beside the copy of this folder that runs. */

declare module '@colyseus/core' {
  export interface Client {
    userData?: unknown
  }

  export class Room {
    maxClients: number
    patchRate: number | null
    readonly clients: readonly Client[]
    setTimestep(onTick: (deltaMs: number) => void, intervalMs: number): void
    setFixedTimestep(onTick: (step: { readonly dt: number }) => void, tickHz: number): void
    onMessageBytes(type: number, handler: (client: Client, message: Uint8Array) => void): void
    broadcastBytes(type: number, message: Uint8Array): void
  }

  export class Server {
    constructor(options: { transport: unknown; logger: Console; greet: boolean })
    define(name: string, room: new () => Room, options: object): void
    listen(port: number, host: string): Promise<void>
  }
}

declare module '@colyseus/ws-transport' {
  import type { Server } from 'node:http'

  export class WebSocketTransport {
    constructor(options: { server: Server })
  }
}
