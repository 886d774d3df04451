import { availableParallelism } from 'node:os'
import { hasCommand } from '../../transport/lossy-link/requirements.ts'
import { BenchProcess } from '../../transport/processes/child-process.ts'
import type { RoomsProcessApi } from '../processes/rooms-process.ts'
import type { Cell, CellResult } from './cell.ts'

/** To start, to make thousands of rooms, to take stock. */
const OVERHEAD_MS = 120_000
/** Everything but the host's thread, which is moved to core 0. */
const REST_CORE = '1'

export interface MeasureOptions {
  readonly cells: readonly Cell[]
  readonly log: (line: string) => void
  readonly describe: (result: CellResult) => string
  /** A cell could not be measured; the others still are. */
  readonly onFailure: (cell: string, error: unknown) => void
}

/** Measures one after the other, each in a process of its own. */
export async function measureCells({
  cells,
  log,
  describe,
  onFailure,
}: MeasureOptions): Promise<CellResult[]> {
  const canPin = availableParallelism() > 1 && hasCommand('taskset', '--version')
  if (!canPin) log('no taskset, or one core only: the threads are not pinned')
  const results: CellResult[] = []
  for (const cell of cells) {
    const name = `${cell.load} ${cell.language}, ${cell.rooms} rooms at ${cell.hz} Hz`
    const child = new BenchProcess<RoomsProcessApi>({
      name,
      module: new URL('../processes/rooms-process.js', import.meta.url),
      prefix: canPin ? ['taskset', '-c', REST_CORE] : [],
      answerWithinMs: cell.seconds * 1000 + OVERHEAD_MS,
    })
    try {
      const result = await child.call('measure', { cell, shallPin: canPin })
      results.push(result)
      log(describe(result))
    } catch (error) {
      onFailure(name, error)
    } finally {
      await child.stop()
    }
  }
  return results
}
