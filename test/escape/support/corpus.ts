import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Header, parseHeader } from './header.ts'

export interface CorpusFile extends Header {
  /** Without `.lua`. */
  readonly name: string
  readonly hasCheck: boolean
}

export const corpusDir = fileURLToPath(new URL('../corpus/', import.meta.url))
/** The sound scripts that the attacks live among. */
export const soundDir = fileURLToPath(new URL('../lua/', import.meta.url))

/**
 * Every attack, by name.
 * @throws {Error} that names the file whose header is wrong
 */
export function readCorpus(): CorpusFile[] {
  return readdirSync(corpusDir)
    .sort()
    .map((fileName) => {
      const source = readFileSync(corpusDir + fileName, 'utf8')
      try {
        if (!/^[a-z]+-[a-z0-9-]+\.lua$/.test(fileName)) throw new Error('a name is <category>-<name>.lua')
        return {
          ...parseHeader(source),
          name: fileName.slice(0, -'.lua'.length),
          hasCheck: /\bcheck = function\b/.test(source),
        }
      } catch (cause) {
        throw new Error(`${fileName}: ${(cause as Error).message}`, { cause })
      }
    })
}
