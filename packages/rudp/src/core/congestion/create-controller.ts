import type { CongestionController, CongestionOptions } from './controller.ts'
import { Cubic } from './cubic.ts'
import { GameCongestion } from './game.ts'
import { NewReno } from './newreno.ts'

const DEFAULT_BETA = 0.5
const DEFAULT_GAME_BYTES_PER_SECOND = 250_000

/** A fresh controller, as at the start of a connection or after a change to another network. */
export function createController(options: CongestionOptions): CongestionController {
  const { algorithm = 'newreno' } = options
  switch (algorithm) {
    case 'newreno':
      return new NewReno(options.newRenoBeta ?? DEFAULT_BETA)
    case 'cubic':
      return new Cubic()
    case 'game':
      return new GameCongestion(options.gameMaxBytesPerSecond ?? DEFAULT_GAME_BYTES_PER_SECOND)
    default:
      return unknownAlgorithm(algorithm)
  }
}

function unknownAlgorithm(algorithm: never): never {
  throw new TypeError(`unknown congestion control algorithm: ${String(algorithm)}`)
}
