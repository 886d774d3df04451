import type { Histogram } from '../histogram.ts'
import type { SendSchedule } from '../send-schedule.ts'
import type { Bot } from '../bot.ts'

/** What a plan says of the messages; which of the classes in this folder makes them. */
export type TrafficPlan =
  | {
      readonly kind: 'snapshot'
      readonly inputBytes: number
      /** Inputs of one bot per second. */
      readonly inputHz: number
      /** Broadcasts of one room per second. */
      readonly snapshotHz: number
      /** Where the sequence number of the newest input of a room's first member is in a snapshot. */
      readonly newestOffset: number
      /** From one member's to the next one's. */
      readonly newestStride: number
    }
  | {
      readonly kind: 'chat'
      readonly textBytes: number
      /** Messages of one bot per second; every other one is broadcast. */
      readonly messageHz: number
      readonly isReliable: boolean
    }

/** What was received in a window of time. */
export interface Deliveries {
  received: number
  /** Messages that should have come and did not, by the sequence numbers of those that did. */
  gaps: number
  /** From the time an input was due to its effect, for each input whose effect was seen. */
  readonly latency: Histogram
  /** Between two broadcasts to the same bot. */
  readonly interval: Histogram
}

/** Takes the data of RoomData frames. Called for each; what it allocates counts. */
export interface Receiver {
  /** @param offset of the application's data in `message` */
  receive(bot: Bot, message: Uint8Array, offset: number, nowMs: number): void
}

/** What bots say to their rooms, and what they make of the answer. */
export interface Traffic extends Receiver {
  readonly inputHz: number
  /** All bots are in their rooms: takes note of them before the first input. */
  begin(bots: readonly Bot[], schedule: SendSchedule): void
  /** Sends the next input of a bot. */
  send(bot: Bot): void
  /** How many messages all bots together should receive in a second. */
  duePerSecond(bots: number, botsPerRoom: number): number
}

export function uint32At(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16) |
      ((bytes[offset + 3] as number) << 24)) >>>
    0
  )
}

export function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff
  bytes[offset + 1] = (value >>> 8) & 0xff
  bytes[offset + 2] = (value >>> 16) & 0xff
  bytes[offset + 3] = value >>> 24
}
