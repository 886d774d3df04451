import { availableParallelism } from 'node:os'
import { compile } from '../transport/lossy-link/compile.ts'
import { hasCommand } from '../transport/lossy-link/requirements.ts'
import type { MeasureOptions } from './measure.ts'

/** Why datagrams cannot be measured here; undefined when they can. */
export function missingForDatagrams(): string | undefined {
  if (process.platform === 'linux' && hasCommand('cc', '--version')) return undefined
  return 'The datagram benchmark needs Linux and a C compiler (cc, Debian package gcc): skipped'
}

/** The programs in C, built, and whether processes can be given a core each. @throws Error the compiler's */
export function datagramSetting(): Pick<MeasureOptions, 'isPinned' | 'programs'> {
  return {
    isPinned: availableParallelism() > 1 && hasCommand('taskset', '--version'),
    programs: {
      echo: compile('../datagrams/programs/c-echo.c', '-pthread'),
      generator: compile('../datagrams/programs/generator.c', '-pthread'),
    },
  }
}
