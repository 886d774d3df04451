/**
 * An echo server and a client in one file.
 *
 *     npx tsc -b packages/rudp/examples && node packages/rudp/examples/dist/echo.js
 */
import { pathToFileURL } from 'node:url'
import { connectRudp, generateServerKey, RudpServer } from '@kaosnet/rudp'

export async function runEcho(log: (line: string) => void): Promise<void> {
  const { privateKey, publicKey } = generateServerKey()

  const server = new RudpServer({ host: '127.0.0.1', serverKey: privateKey })
  server.onConnection = (connection) => {
    connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
    connection.onClose = ({ reason }) => log(`server: a client left: ${reason}`)
  }
  const { ip, port } = await server.listen()

  const client = await connectRudp({ addresses: [{ host: ip, port }], serverPublicKey: publicKey })
  log(`client: connected, encrypted by ${client.cryptoName}`)
  const answered = new Promise<void>((resolve) => {
    client.onMessage = (channel, mode, data) => {
      log(`client: "${new TextDecoder().decode(data)}" came back on channel ${channel}, ${mode}`)
      resolve()
    }
  })
  client.send(0, 'reliable-ordered', new TextEncoder().encode('hello'))
  await answered

  client.close(0, 'that was all')
  await client.closed
  await server.close()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runEcho(console.log)
