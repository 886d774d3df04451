import { EMPTY_BYTES } from './empty-bytes.ts'
import { TAG_BYTES } from './packet-protection.ts'
import { messageOverheadBytes, stripMessageLength, writeMessageHeader } from './frame-writer.ts'

/** The packet being built: where its next frame goes and what is known of it so far. Used again for each packet. */
export class PacketWriter {
  out: Uint8Array = EMPTY_BYTES
  /** Where the next frame goes. */
  at = 0
  packetNumber = 0
  nowMs = 0
  /** Frames written. */
  frames = 0
  /** Some frame elicits an ACK. */
  isEliciting = false
  /** Some frame will be repeated when no ACK comes promptly. */
  isPrompt = false
  /** Some message in it was sent before. */
  isRepeating = false
  #maxFrames = 0
  #packetAt = 0
  #end = 0
  #lastMessageAt = -1

  /** Starts a packet at `out[offset]` of at most `sizeLimit` bytes and `maxFrames` frames, whose header is written. */
  begin(
    out: Uint8Array,
    offset: number,
    headerBytes: number,
    sizeLimit: number,
    maxFrames: number,
    packetNumber: number,
    nowMs: number,
  ): void {
    this.#maxFrames = maxFrames
    this.out = out
    this.at = offset + headerBytes
    this.#packetAt = offset
    this.packetNumber = packetNumber
    this.nowMs = nowMs
    this.frames = 0
    this.isEliciting = false
    this.isPrompt = false
    this.isRepeating = false
    this.#end = offset + sizeLimit - TAG_BYTES
    this.#lastMessageAt = -1
  }

  /** Bytes left for frames. */
  get room(): number {
    return this.frames < this.#maxFrames ? this.#end - this.at : 0
  }

  /** Leaves at most so many bytes for frames. */
  limitRoom(bytes: number): void {
    this.#end = Math.min(this.#end, this.at + bytes)
  }

  /** Lets the packet, header and tag included, become no larger than this; what is written stays. */
  limitPacket(sizeBytes: number): void {
    this.limitRoom(Math.max(0, this.#packetAt + sizeBytes - TAG_BYTES - this.at))
  }

  /** Notes a frame that someone wrote from `at` to `end`. */
  wrote(end: number, isPrompt: boolean): void {
    this.at = end
    this.frames++
    this.isEliciting = true
    if (isPrompt) this.isPrompt = true
    this.#lastMessageAt = -1
  }

  /** Notes an ACK frame, which elicits nothing. */
  wroteAck(end: number): void {
    this.at = end
    this.frames++
  }

  /**
   * Writes the header of a MESSAGE frame and reserves its data, if both fit.
   * @returns where the `length` bytes of data must be put, or -1 when there is no room
   */
  reserveMessage(
    channel: number,
    mode: number,
    sequence: number,
    fragmentIndex: number,
    fragmentCount: number,
    length: number,
  ): number {
    if (messageOverheadBytes(mode, fragmentIndex, fragmentCount, length) + length > this.room) return -1
    const frameAt = this.at
    const dataAt = writeMessageHeader(
      this.out,
      frameAt,
      channel,
      mode,
      sequence,
      fragmentIndex,
      fragmentCount,
      length,
    )
    this.wrote(dataAt + length, false)
    this.#lastMessageAt = frameAt
    return dataAt
  }

  /** Ends the frames: the last message needs no length. @returns the offset after them */
  finish(): number {
    if (this.#lastMessageAt >= 0) this.at = stripMessageLength(this.out, this.#lastMessageAt, this.at)
    return this.at
  }
}
