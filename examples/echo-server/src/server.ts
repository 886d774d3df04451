import { fileURLToPath } from 'node:url'
import { createServer, type KaosServer } from '@kaosnet/server'

/** Starts a server with the scripts of `lua/`. Port 0 picks a free one. */
export async function startServer(port: number): Promise<KaosServer> {
  const server = createServer({
    host: '127.0.0.1',
    port,
    auth: { anonymous: true },
    scripts: { dir: fileURLToPath(new URL('../lua', import.meta.url)) },
    log: { level: 'warn' },
  })
  await server.start()
  return server
}
