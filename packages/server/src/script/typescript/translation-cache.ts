import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Translations of modules in a folder, one file for each: to translate a game takes longer than all else that the start of
 * a server does. Whoever can write there decides what modules do, as whoever can write the modules themselves.
 *
 * It is there to save time and does nothing else: what cannot be read or written is translated anew.
 */
export class TranslationCache {
  readonly #dir: string
  readonly #translator: string

  /** @param translator Its name and version: what another one has translated is of no use. */
  constructor(dir: string, translator: string) {
    this.#dir = dir
    this.#translator = translator
  }

  /** What {@link write} was given for this very source of the module, in this or in another process. */
  read(name: string, source: string): string | undefined {
    try {
      const text = readFileSync(this.#fileOf(name), 'utf8')
      const headEnd = text.indexOf('\n') + 1
      const code = text.slice(headEnd)
      return text.slice(0, headEnd) === this.#headOf(source, code) ? code : undefined
    } catch {
      return undefined
    }
  }

  /** Keeps the translation in place of that of the module's earlier source. */
  write(name: string, source: string, code: string): void {
    const file = this.#fileOf(name)
    const unfinished = `${file}.${randomUUID()}`
    try {
      mkdirSync(this.#dir, { recursive: true })
      // Several threads load the same modules at the same time: none shall read half a file.
      writeFileSync(unfinished, this.#headOf(source, code) + code)
      renameSync(unfinished, file)
    } catch {}
  }

  #fileOf(name: string): string {
    return join(this.#dir, `${digest(name).slice(0, 32)}.cjs`)
  }

  /** Of the translation too: a crash of the machine may leave half of it. */
  #headOf(source: string, code: string): string {
    return `// ${digest(JSON.stringify([this.#translator, source, code]))}\n`
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
