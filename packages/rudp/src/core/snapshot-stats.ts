import type { ConnectionParts } from './connection-parts.ts'
import type { ConnectionStats } from './connection-stats.ts'

/** The figures of one connection at this time. */
export function snapshotStats(parts: ConnectionParts, nowMs: number): ConnectionStats {
  const { recovery, send, receive } = parts
  const { rtt } = recovery
  const { account } = send
  return {
    smoothedRttMs: rtt.smoothedMs,
    minRttMs: rtt.minMs,
    latestRttMs: rtt.latestMs,
    rttVarianceMs: rtt.varianceMs,
    jitterMs: rtt.jitterMs,
    lossSent: recovery.lossShare(nowMs),
    lossReceived: parts.receivedShare.value(nowMs),
    congestionWindowBytes: recovery.windowBytes,
    inFlightBytes: recovery.inFlightBytes,
    pacingBytesPerSecond: recovery.pacer.bytesPerSecond,
    appLimitedShare: recovery.acks === 0 ? 0 : recovery.appLimitedAcks / recovery.acks,
    sendQueueBytes: account.queuedBytes,
    sendQueueMessages: account.queuedMessages,
    sendQueueAgeMs: Math.max(0, nowMs - send.oldestQueuedAtMs()),
    receiveBufferBytes: receive.credit.bufferedBytes,
    packetsSent: parts.packetsSent,
    bytesSent: parts.bytesSent,
    packetsReceived: parts.packetsReceived,
    bytesReceived: parts.bytesReceived,
    packetsLost: recovery.packetsLost,
    packetsLostSpuriously: recovery.packetsLostSpuriously,
    probeTimeouts: recovery.probeTimeouts,
    framesSent: account.framesSent,
    framesRetransmitted: account.framesRetransmitted,
    framesRepeated: account.framesRepeated,
    messagesSent: account.messagesSent,
    messagesReceived: receive.messagesReceived,
    reorderDepth: receive.reorderDepth,
    mtuBytes: parts.mtu.currentBytes,
    pathChanges: parts.pathChanges,
    keyUpdates: parts.keys.sendGeneration,
    drops: parts.drops.snapshot(),
  }
}
