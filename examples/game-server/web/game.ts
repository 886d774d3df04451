import { ArenaLink, type LinkStatus } from './arena-link.ts'
import { attractScene } from './attract.ts'
import type { Controls } from './controls/controls.ts'
import type { ArenaDebugState } from './debug-state.ts'
import type { EventEffects } from './event-effects.ts'
import type { Hud } from './hud/hud.ts'
import type { PlayerChoice, StartScreen } from './hud/start-screen.ts'
import { Match } from './match.ts'
import type { Renderer } from './view/renderer.ts'

/** A frame that took longer was a pause: nothing is to move as if it had been watched. */
const MAX_FRAME_MS = 100
const HUD_EVERY_MS = 200
/** How much more the largest player sees. */
const ZOOM_OUT_AT_MAX = 0.2
const FRAME_RATE_SHARE = 0.05

export interface GameParts {
  readonly renderer: Renderer
  readonly controls: Controls
  readonly effects: EventEffects
  readonly hud: Hud
  readonly startScreen: StartScreen
}

/** The page as a whole: start screen, then an arena, frame by frame. */
export class Game {
  readonly #url: string
  readonly #parts: GameParts
  #link: ArenaLink | undefined
  #match: Match | undefined
  #status: ArenaDebugState['status'] = 'start'
  #frameMs = 0
  #hudMs = 0
  #framesPerSecond = 60

  constructor(url: string, parts: GameParts) {
    this.#url = url
    this.#parts = parts
  }

  get isPlaying(): boolean {
    return this.#status === 'playing'
  }

  play(choice: PlayerChoice): Promise<void> {
    const link = new ArenaLink(this.#url, choice, {
      onStatus: (status) => this.#show(status),
      onWelcome: (welcome) => {
        this.#match = new Match(welcome, performance.now())
        this.#parts.hud.reset()
      },
      onSnapshot: (snapshot) => this.#match?.receiveSnapshot(snapshot, performance.now()),
      onEvents: (batch) => this.#match?.receiveEvents(batch),
    })
    this.#link = link
    return link.start()
  }

  /** Back to the start screen. */
  async leave(): Promise<void> {
    await this.#link?.leave()
  }

  /** @param nowMs of `performance.now()` */
  frame(nowMs: number): void {
    const elapsedMs = Math.min(Math.max(nowMs - this.#frameMs, 0), MAX_FRAME_MS)
    this.#frameMs = nowMs
    if (elapsedMs > 0) {
      this.#framesPerSecond += (1000 / elapsedMs - this.#framesPerSecond) * FRAME_RATE_SHARE
    }
    const match = this.#match
    if (match === undefined) this.#drawAttract(nowMs, elapsedMs)
    else this.#drawMatch(match, nowMs, elapsedMs)
  }

  debugState(): ArenaDebugState {
    const match = this.#match
    return {
      status: this.#status,
      me: match?.model.me,
      roomId: this.#link?.roomId,
      pingMs: this.#link?.latencyMs,
      step: match?.newestStep,
      framesPerSecond: Math.round(this.#framesPerSecond),
      players: (match?.model.standings() ?? []).map(({ slot, name, score }) => {
        const view = match?.views.get(slot)
        return { slot, name, score, x: view?.x, y: view?.y, isMe: slot === match?.model.me }
      }),
      orbCount: match?.model.orbs.size ?? 0,
    }
  }

  #show(status: LinkStatus): void {
    const { hud, startScreen } = this.#parts
    switch (status.kind) {
      case 'joining':
        this.#status = 'joining'
        startScreen.setBusy(true)
        break
      case 'playing':
        this.#status = 'playing'
        startScreen.hide()
        hud.showPlaying()
        break
      case 'reconnecting':
        this.#status = 'reconnecting'
        hud.showReconnecting(status.attempt)
        break
      case 'ended':
        this.#status = 'start'
        this.#match = undefined
        this.#link = undefined
        hud.hide()
        startScreen.show(status.message)
        break
      default:
        status satisfies never
    }
  }

  #drawAttract(nowMs: number, elapsedMs: number): void {
    const { renderer } = this.#parts
    renderer.camera.setZoom(0.9)
    renderer.camera.jumpTo(Math.sin(nowMs * 0.00009) * 120, Math.cos(nowMs * 0.00013) * 80)
    renderer.draw(attractScene(nowMs), elapsedMs, { hasMinimap: false })
  }

  #drawMatch(match: Match, nowMs: number, elapsedMs: number): void {
    const { renderer, hud } = this.#parts
    this.#advance(match, nowMs)
    const me = match.views.get(match.model.me)
    if (me !== undefined) {
      const { radiusBase, radiusMax, arenaRadius } = match.model.rules
      const growth = (me.radius - radiusBase) / (radiusMax - radiusBase)
      renderer.camera.setZoom(1 - ZOOM_OUT_AT_MAX * growth)
      renderer.camera.follow(me.x, me.y, arenaRadius, elapsedMs)
      hud.showCharge(me.charge)
    }
    renderer.draw(match.scene(nowMs), elapsedMs, { hasMinimap: true })
    if (nowMs - this.#hudMs > HUD_EVERY_MS) {
      this.#hudMs = nowMs
      hud.update(match.model.standings(), match.model.me, this.#link?.latencyMs)
    }
  }

  #advance(match: Match, nowMs: number): void {
    const { controls, effects } = this.#parts
    match.advance(nowMs, {
      nextInput: () => controls.sample(nowMs),
      onInput: (bytes) => this.#link?.sendInputs(bytes),
      onEvent: (event) => effects.play(event, match, nowMs),
      onTouch: (orb) => effects.touch(orb, match, nowMs),
    })
  }
}
