/** What the send streams of one connection hold and did, in one place that all of them update. */
export class SendAccount {
  /** Reliable bytes queued or unacknowledged. */
  queuedBytes = 0
  queuedMessages = 0
  /** Reliable messages in fragments that are on their way. */
  partialMessages = 0
  /** Reliable frames whose packet was lost and that wait to be sent again. */
  lostFrames = 0
  /** Reliable frames on their way. */
  inFlightFrames = 0
  framesSent = 0
  framesRetransmitted = 0
  framesRepeated = 0
  messagesSent = 0
}
