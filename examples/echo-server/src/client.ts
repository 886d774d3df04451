import { KaosClient, type Room, type RoomDataEvent } from '@kaosnet/client'

/** Connects, calls the RPC, joins the room, sends a value and some bytes, and says what comes back. */
export async function talk(url: string, print: (line: string) => void): Promise<void> {
  const client = new KaosClient(url, { username: 'Ada' })
  try {
    const session = await client.connect()
    print(`connected as ${session.username}, session ${session.sessionId}`)

    const answer = await client.rpc('echo', { text: 'hello' })
    print(`rpc echo → ${JSON.stringify(answer)}`)

    const room = await client.joinRoom(await client.createRoom('echo'))
    print(`joined room "${room.label}" with ${room.members.size} member`)

    const value = await roundTrip(room, 1, { text: 'hello room' })
    print(`value came back with op ${value.op}: ${JSON.stringify(value.data)}`)

    const bytes = await roundTrip(room, 2, new Uint8Array([75, 97, 111, 115]))
    print(`bytes came back with op ${bytes.op}: ${JSON.stringify(Array.from(bytes.data as Uint8Array))}`)

    await room.leave()
    print('left the room')
  } finally {
    await client.close()
  }
  print('closed')
}

/** Sends, and waits for the next data of the room. */
function roundTrip(room: Room, op: number, data: unknown): Promise<RoomDataEvent> {
  return new Promise((resolve) => {
    room.once('data', resolve)
    room.send(op, data)
  })
}
