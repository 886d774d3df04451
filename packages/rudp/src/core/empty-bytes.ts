/** Stands for "no bytes". One for all, because an array of its own costs every connection some 200 bytes. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)
