/** First bytes of frames. */
export const FrameType = {
  Padding: 0x00,
  Ping: 0x01,
  Close: 0x04,
  PathChallenge: 0x05,
  PathResponse: 0x06,
  Credit: 0x07,
  Resume: 0x08,
  Tick: 0x09,
  /** 0x10..0x17, see ACK_* */
  Ack: 0x10,
  /** 0x20..0x3f, see MESSAGE_* */
  Message: 0x20,
} as const

/** ACK: ranges of missing packets follow. */
export const ACK_HAS_NAK = 0x01
/** ACK: a 32-bit field follows; without it, all of the 32 packets before the largest were received. */
export const ACK_HAS_BITS = 0x02
/** ACK: the largest packet number takes 4 bytes, not 2. */
export const ACK_LONG_LARGEST = 0x04

/** MESSAGE: delivery mode in bits 4-3. */
export const MESSAGE_MODE_SHIFT = 3
/** MESSAGE: fragment index and count follow. */
export const MESSAGE_FRAGMENT = 0x04
/** MESSAGE: a length follows; without it, the data reach to the end of the packet. */
export const MESSAGE_LENGTH = 0x02
/** MESSAGE: must be 0. */
export const MESSAGE_RESERVED = 0x01

/** Missing ranges one ACK may list. */
export const MAX_NAK_RANGES = 16

/** Packets an ACK covers without NAK ranges: the largest and the 32 before it. */
export const ACK_BITFIELD_SPAN = 33

/** Units of the ACK delay field. */
export const ACK_DELAY_UNIT_MS = 0.064
/** ACK delay: longer than the field can say. */
export const ACK_DELAY_UNKNOWN = 0xffff

/** CREDIT for the sum of all channels. */
export const CREDIT_CONNECTION = 255

export const PATH_DATA_BYTES = 8

/** Longest ticket in a RESUME frame. */
export const MAX_TICKET_BYTES = 255
