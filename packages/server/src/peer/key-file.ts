import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../config.ts'

/** Readable and writable by its owner only. */
const KEY_FILE_MODE = 0o600
const KEY_BYTES = 32
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=?$/

/**
 * The key that a file keeps from one start to the next; the first start makes the file. What is in a file already is
 * never written over: it may be a key that clients have pinned.
 * @throws {ConfigError} when the file cannot be read or made, or holds no key; what it holds is not shown
 */
export function keepKey(file: string, makeKey: () => Uint8Array): Uint8Array {
  return readKey(file) ?? writeKey(file, makeKey()) ?? readKey(file) ?? fail(file, 'it comes and goes')
}

/** Undefined when there is no such file. */
function readKey(file: string): Uint8Array | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    return fail(file, `it cannot be read (${codeOf(error)})`)
  }
  const key = new Uint8Array(Buffer.from(text, 'base64'))
  if (BASE64_KEY.test(text) && key.length === KEY_BYTES) return key
  return fail(
    file,
    `it does not hold ${KEY_BYTES} bytes in base64; put the key back, or delete the file to have a new one made`,
  )
}

/** Undefined when somebody else has made the file meanwhile. */
function writeKey(file: string, key: Uint8Array): Uint8Array | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true })
    const text = `${Buffer.from(key).toString('base64')}\n`
    writeFileSync(file, text, { flag: 'wx', mode: KEY_FILE_MODE, flush: true })
    return key
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    return fail(file, `it cannot be made (${codeOf(error)})`)
  }
}

function fail(file: string, why: string): never {
  throw new ConfigError(`udp.keyFile: ${file}: ${why}`)
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
