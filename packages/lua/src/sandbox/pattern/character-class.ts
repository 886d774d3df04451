/** What a class letter of a Lua pattern stands for, in the C locale (manual §6.4.1). */
const CLASSES: Readonly<Record<string, (byte: number) => boolean>> = {
  a: isLetter,
  c: (byte) => byte < 0x20 || byte === 0x7f,
  d: isDigit,
  g: (byte) => byte > 0x20 && byte < 0x7f,
  l: isLower,
  p: (byte) => byte > 0x20 && byte < 0x7f && !isLetter(byte) && !isDigit(byte),
  s: (byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d),
  u: isUpper,
  w: (byte) => isLetter(byte) || isDigit(byte),
  x: (byte) => isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66),
  z: (byte) => byte === 0, // deprecated, but Lua still knows it
}

const CASE_BIT = 0x20

/** For each byte, a bit for each class that it is in. */
const MEMBERSHIP = membership()

/** For each byte that is a class letter, in either case, the bit of its class; 0 for any other byte. */
const CLASS_BITS = classBits()

/** Whether `byte` matches `%letter`: a class, its complement in upper case, or any other byte itself. */
export function matchesClass(byte: number, letter: number): boolean {
  const bit = CLASS_BITS[letter] ?? 0
  if (bit === 0) return letter === byte
  const isMember = ((MEMBERSHIP[byte] ?? 0) & bit) !== 0
  return (letter & CASE_BIT) === 0 ? !isMember : isMember
}

function membership(): Uint16Array {
  const tests = Object.values(CLASSES)
  return Uint16Array.from({ length: 256 }, (_, byte) =>
    tests.reduce((bits, isMember, index) => bits | (isMember(byte) ? 1 << index : 0), 0),
  )
}

function classBits(): Uint16Array {
  const bits = new Uint16Array(256)
  for (const [index, letter] of Object.keys(CLASSES).entries()) {
    bits[letter.charCodeAt(0)] = 1 << index
    bits[letter.toUpperCase().charCodeAt(0)] = 1 << index
  }
  return bits
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

function isLetter(byte: number): boolean {
  return isLower(byte) || isUpper(byte)
}
