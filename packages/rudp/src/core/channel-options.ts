import { MAX_CHANNELS } from './limits.ts'

/** How one channel's outgoing messages are treated. The receiver needs none of it. */
export interface ChannelOptions {
  /** 0 is sent first, 7 last; 7 is bulk and yields when the path's delay grows. Default 3. */
  readonly priority?: number
  /** Share among channels of one priority, 1..255. Default 1. */
  readonly weight?: number
  /** A message not sent for the first time within this long is dropped. Default: never. */
  readonly ttlMs?: number
  /** Repeats unacknowledged reliable messages early in the spare room of packets that go out anyway. */
  readonly eager?: boolean
}

/** The priority of bulk traffic, which pauses while it would delay the rest. */
export const BULK_PRIORITY = 7

/** Channel options with their defaults filled in. */
export type ResolvedChannelOptions = Required<ChannelOptions>

const DEFAULTS: ResolvedChannelOptions = {
  priority: 3,
  weight: 1,
  ttlMs: Number.POSITIVE_INFINITY,
  eager: false,
}

/** The options of one channel, by number, with defaults filled in. */
export function channelOptions(channels: readonly ChannelOptions[], channel: number): ResolvedChannelOptions {
  const options = channels[channel]
  return options === undefined ? DEFAULTS : { ...DEFAULTS, ...options }
}

/** Checks the ranges of channel options. @throws RangeError */
export function checkChannelOptions(channels: readonly ChannelOptions[]): void {
  if (channels.length > MAX_CHANNELS) throw new RangeError(`at most ${MAX_CHANNELS} channels`)
  for (let channel = 0; channel < channels.length; channel++) {
    const { priority, weight, ttlMs } = channelOptions(channels, channel)
    if (!Number.isInteger(priority) || priority < 0 || priority > BULK_PRIORITY) {
      throw new RangeError(`channel ${channel}: priority must be an integer from 0 to ${BULK_PRIORITY}`)
    }
    if (!Number.isInteger(weight) || weight < 1 || weight > 255) {
      throw new RangeError(`channel ${channel}: weight must be an integer from 1 to 255`)
    }
    if (!(ttlMs > 0)) throw new RangeError(`channel ${channel}: ttlMs must be above 0`)
  }
}
