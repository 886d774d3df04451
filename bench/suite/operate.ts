import type { ClientPayload } from '@kaosnet/protocol'
import type { LoopbackTransport } from '../rooms/players/loopback-transport.ts'
import { Player } from '../rooms/players/player.ts'

export type RpcPayload = ClientPayload<'Rpc'>['payload']

/** Calls an RPC of the suite's scripts in a session that ends with the answer, so that nothing of it is left to be measured. */
export async function operate(
  transport: LoopbackTransport,
  rpc: string,
  payload: RpcPayload,
): Promise<unknown> {
  const operator = await Player.start(transport)
  try {
    return await operator.rpc(rpc, payload)
  } finally {
    operator.end()
  }
}
