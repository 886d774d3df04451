import { createSocket } from 'node:dgram'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generateServerKey } from '../crypto/server-key.ts'
import { LoopbackWorld } from '../scenarios/loopback-world.ts'
import { type ConnectOptions, connectRudp as connectOver } from './connect-rudp.ts'
import { DRIVERS } from './testing/drivers.ts'

const serverKey = generateServerKey()

let world: LoopbackWorld | undefined
afterEach(() => world?.close())

describe.each(DRIVERS)('connecting over the driver $driver', ({ driver, missing }) => {
  beforeEach(({ skip }) => skip(missing !== undefined, missing))

  const connectRudp = (options: ConnectOptions) => connectOver({ driver, ...options })

  it('gives up with CONNECT_TIMEOUT when nobody answers', async () => {
    const silent = createSocket('udp4')
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    const attempt = connectRudp({
      addresses: [{ host: '127.0.0.1', port: silent.address().port }],
      serverPublicKey: serverKey.publicKey,
      timeoutMs: 200,
    })
    await expect(attempt).rejects.toMatchObject({ name: 'RudpError', code: 'CONNECT_TIMEOUT' })
    silent.close()
  })

  it('fails with UNREACHABLE when the host says that nobody listens', async () => {
    const attempt = connectRudp({
      addresses: [{ host: '127.0.0.1', port: await unusedPort() }],
      serverPublicKey: serverKey.publicKey,
    })
    await expect(attempt).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  it('tries the next address when one does not answer', async () => {
    world = new LoopbackWorld({ driver })
    const { port } = await world.server.listen()
    const client = await world.connect({
      addresses: [
        { host: '127.0.0.1', port: await unusedPort() },
        { host: 'localhost', port },
      ],
    })
    expect(client.remote.port).toBe(port)
  })

  it('stops at once when it is aborted, before and during', async () => {
    const silent = createSocket('udp4')
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    const controller = new AbortController()
    const options = {
      addresses: [{ host: '127.0.0.1', port: silent.address().port }],
      serverPublicKey: serverKey.publicKey,
      signal: controller.signal,
    }
    const attempt = connectRudp(options)
    setImmediate(() => controller.abort(new Error('changed my mind')))
    await expect(attempt).rejects.toMatchObject({
      code: 'CONNECT_ABORTED',
      cause: expect.objectContaining({ message: 'changed my mind' }),
    })
    await expect(connectRudp(options)).rejects.toMatchObject({ code: 'CONNECT_ABORTED' })
    silent.close()
  })

  it('asks for credentials, addresses and keys that make sense', async () => {
    const addresses = [{ host: '127.0.0.1', port: 1 }]
    const invalid = { code: 'OPTIONS_INVALID' }
    await expect(connectRudp({ addresses })).rejects.toMatchObject(invalid)
    await expect(connectRudp({ serverPublicKey: serverKey.publicKey })).rejects.toMatchObject(invalid)
    await expect(connectRudp({ addresses, serverPublicKey: new Uint8Array(5) })).rejects.toMatchObject(
      invalid,
    )
    const channels = [{ priority: 99 }]
    const attempt = connectRudp({ addresses, serverPublicKey: serverKey.publicKey, channels })
    await expect(attempt).rejects.toMatchObject(invalid)
  })
})

async function unusedPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
