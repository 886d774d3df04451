export { Op, type OpName, isClientOp, opName } from './opcodes.ts'
export { PROTOCOL_VERSIONS, WireLimits } from './limits.ts'
export {
  type ErrorAction,
  type ErrorDetails,
  type ErrorName,
  ErrorTable,
  errorName,
  KaosError,
} from './errors.ts'
export { allocateFrame, encodeFrame, FrameReader } from './frame.ts'
export { BatchPool } from './batch-pool.ts'
export { FrameBatch } from './frame-batch.ts'
export { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from './heartbeat.ts'
export { decodeRoomData, encodeRoomData, patchRoomHandle, type RoomData } from './room-data.ts'
export { decodeRoomState, encodeRoomState, type RoomState } from './room-state.ts'
export { decodeLaneCounts, encodeLaneCounts, encodeSessionAck, type LaneCounts } from './lane-counts.ts'
export { ReceivedCounts } from './received-counts.ts'
export { reliableLane, UNCOUNTED } from './reliable-lane.ts'
export { type ReplayBounds, ReplayBuffer } from './replay-buffer.ts'
export { LaneBatches } from './lane-batches.ts'
export { LaneOutbox, type LaneSink, rudpChannelOf } from './lane-outbox.ts'
export { decodeMessagePack, encodeMessagePack } from './messagepack.ts'
export { scanMessagePack } from './messagepack-scan.ts'
export { utf8Bytes } from './schema.ts'
export {
  type ClientPayload,
  type ClientPayloadName,
  ClientPayloads,
  checkPayloadSize,
  type Departure,
  decodeClientPayload,
  decodeServerPayload,
  encodeClientFrame,
  encodeServerFrame,
  type LeaveReason,
  type MatchedPlayer,
  type PartyMember,
  type Presence,
  type RoomSummary,
  type ServerPayload,
  type ServerPayloadName,
  ServerPayloads,
  salvageRequestId,
} from './payloads.ts'
