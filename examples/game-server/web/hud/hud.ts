import type { PlayerProfile } from '../messages.ts'
import { elementById } from './element.ts'
import { Ping } from './ping.ts'
import { Scoreboard } from './scoreboard.ts'
import { Toasts } from './toasts.ts'

const HINT_MS = 9000

/** Everything that lies over the arena while it is played. */
export class Hud {
  readonly toasts = new Toasts(elementById('toasts', HTMLElement))
  readonly #root = elementById('hud', HTMLElement)
  readonly #hint = elementById('hint', HTMLElement)
  readonly #overlay = elementById('overlay', HTMLElement)
  readonly #attempt = elementById('attempt', HTMLElement)
  readonly #playerCount = elementById('player-count', HTMLElement)
  readonly #dash = elementById('dash', HTMLElement)
  readonly #scoreboard = new Scoreboard(elementById('scores', HTMLElement))
  readonly #ping = new Ping(elementById('ping', HTMLElement))

  /** A new arena: what is shown of the last one goes. */
  reset(): void {
    this.toasts.clear()
  }

  showPlaying(): void {
    this.#overlay.hidden = true
    if (!this.#root.hidden) return
    this.#root.hidden = false
    this.#hint.hidden = false
    setTimeout(() => {
      this.#hint.hidden = true
    }, HINT_MS)
  }

  showReconnecting(attempt: number): void {
    this.#attempt.textContent = attempt > 1 ? `attempt ${attempt}` : ''
    this.#overlay.hidden = false
  }

  hide(): void {
    this.#root.hidden = true
    this.#overlay.hidden = true
  }

  /** @param charge how much of the dash has recharged, 0 to 1 */
  showCharge(charge: number): void {
    this.#dash.style.setProperty('--charge', charge.toFixed(2))
  }

  update(standings: readonly PlayerProfile[], me: number, latencyMs: number | undefined): void {
    this.#scoreboard.show(standings, me)
    this.#ping.show(latencyMs)
    this.#playerCount.textContent = `${standings.length} playing`
  }
}
