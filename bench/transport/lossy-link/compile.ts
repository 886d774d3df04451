import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCES = new URL('../../../transport/', import.meta.url)
const BINARIES = new URL('../bin/', import.meta.url)

/**
 * Compiles a C program of this benchmark.
 * @param source its path below bench/transport
 * @returns the path of the program, below bench/dist
 * @throws Error with the compiler's words when it does not compile
 */
export function compile(source: string, ...flags: string[]): string {
  mkdirSync(BINARIES, { recursive: true })
  const program = fileURLToPath(new URL(source.replace(/^.*\/(.*)\.c$/, '$1'), BINARIES))
  execFileSync('cc', ['-O2', '-Wall', '-o', program, fileURLToPath(new URL(source, SOURCES)), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return program
}
