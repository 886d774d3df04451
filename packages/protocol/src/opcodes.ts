/**
 * Operation codes of a KaosNet frame (`docs/protocol.md#operations`). Families share the high nibble:
 * 0x0_ session, 0x1_ room, 0x2_ remote procedure call,
 * 0x3_ matchmaker and party.
 */
export const Op = {
  SessionStart: 0x01,
  SessionEnd: 0x02,
  Heartbeat: 0x03,
  Error: 0x04,
  SessionAck: 0x05,
  RoomCreate: 0x10,
  RoomJoin: 0x11,
  RoomLeave: 0x12,
  RoomData: 0x13,
  RoomState: 0x14,
  RoomPresence: 0x15,
  RoomList: 0x16,
  Rpc: 0x20,
  RpcResponse: 0x21,
  MatchmakerAdd: 0x30,
  MatchmakerRemove: 0x31,
  MatchmakerTicket: 0x32,
  Party: 0x38,
} as const

export type Op = (typeof Op)[keyof typeof Op]

export type OpName = keyof typeof Op

const names: ReadonlyMap<number, OpName> = new Map(
  Object.entries(Op).map(([name, op]) => [op, name as OpName] as const),
)

/** The name of an operation code, or undefined when the code is not assigned. */
export function opName(op: number): OpName | undefined {
  return names.get(op)
}

const sentByClient: ReadonlySet<number> = new Set([
  Op.SessionStart,
  Op.SessionEnd,
  Op.Heartbeat,
  Op.SessionAck,
  Op.RoomCreate,
  Op.RoomJoin,
  Op.RoomLeave,
  Op.RoomData,
  Op.RoomList,
  Op.Rpc,
  Op.MatchmakerAdd,
  Op.MatchmakerRemove,
  Op.Party,
])

/** Whether a client may send this operation; the others only travel from server to client. */
export function isClientOp(op: number): boolean {
  return sentByClient.has(op)
}
