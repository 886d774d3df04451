import { describe, expect, it } from 'vitest'
import { EndpointWorld } from '../scenarios/endpoint-world.ts'

const text = (data: Uint8Array) => new TextDecoder().decode(data)
const bytes = (data: string) => new TextEncoder().encode(data)

describe('smoke', () => {
  it('connects with a pinned key and echoes', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    world.onConnection = (peer) => {
      peer.onMessage = (channel, mode, data) => peer.send(channel, mode, data)
    }
    const { client, peer } = world.connectClient()
    const received: string[] = []
    client.connection.onMessage = (_channel, _mode, data) => received.push(text(data))
    client.connection.send(0, 'reliable-ordered', bytes('hello'))
    world.clock.advance(200)
    expect(received).toEqual(['hello'])
    expect(peer.userId).toBeUndefined()
    expect(client.endpoint.ticket?.length).toBe(21)
    peer.close(300, 'bye')
    world.clock.advance(2000)
    expect(client.connection.closeInfo).toEqual({ code: 300, reason: 'bye', byPeer: true })
    expect(world.server.isDrained).toBe(true)
    console.log(world.server.stats)
  })
  it('connects with a token', () => {
    const world = new EndpointWorld({ link: { delayMs: 25 } })
    const { peer } = world.connectClient({ credentials: { kind: 'token', token: world.issueToken('alice') } })
    expect(peer.userId).toBe('alice')
  })
})
