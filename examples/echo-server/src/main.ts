import { talk } from './client.ts'
import { startServer } from './server.ts'

const server = await startServer(0)
console.log(`server listens on ${server.addresses[0]}`)
try {
  await talk(`http://127.0.0.1:${server.port}`, (line) => console.log(`client: ${line}`))
} finally {
  await server.stop()
}
console.log('server stopped')
