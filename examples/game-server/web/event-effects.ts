import type { ArenaOrb } from './arena-model.ts'
import type { Toasts } from './hud/toasts.ts'
import type { Match } from './match.ts'
import type { ArenaEvent } from './messages.ts'
import type { Sound } from './sound.ts'
import { orbHue } from './view/orb-view.ts'
import type { Renderer } from './view/renderer.ts'
import type { PlayerView } from './view/scene.ts'

const HIT_HUE = 350
const GAIN_COLOR = '#fff3b0'
const LOSS_COLOR = '#ff8c9c'
const RICH_VALUE = 3
/** Smaller losses of others are not written out: in a crowd the screen would be full of numbers. */
const NEWSWORTHY_LOSS = 8

/** Makes events seen and heard. It only reads the match, before the event is applied to it. */
export class EventEffects {
  readonly #renderer: Renderer
  readonly #sound: Sound
  readonly #toasts: Toasts
  readonly #shakeScale: number

  /** @param isCalm no shaking, for people who get sick of it */
  constructor(renderer: Renderer, sound: Sound, toasts: Toasts, isCalm: boolean) {
    this.#renderer = renderer
    this.#sound = sound
    this.#toasts = toasts
    this.#shakeScale = isCalm ? 0 : 1
  }

  play(event: ArenaEvent, match: Match, nowMs: number): void {
    switch (event.kind) {
      case 'enter':
        if (event.player.slot !== match.model.me) {
          this.#toasts.show(`${event.player.name} joined`, event.player.hue)
        }
        break
      case 'leave':
        this.#leave(event.slot, match, nowMs)
        break
      case 'score':
        this.#gain(event.slot, event.score, match, nowMs)
        break
      case 'take':
        this.#take(event.orbId, event.by, match, nowMs)
        break
      case 'dash':
        this.#dash(match.views.get(event.slot), nowMs)
        break
      case 'bumper':
        this.#bumper(event.bumper, match.views.get(event.slot), nowMs)
        break
      case 'bump':
        this.#bump(match.views.get(event.a), match.views.get(event.b), nowMs)
        break
      case 'hit':
        this.#hit(match.views.get(event.by), match.views.get(event.on), event.spilled, nowMs)
        break
      case 'orb':
        break
      default:
        event satisfies never
    }
  }

  /** The own player seems to take an orb. */
  touch(orb: ArenaOrb, match: Match, nowMs: number): void {
    this.#sound.play(orb.value > RICH_VALUE ? 'rich' : 'pickup')
    this.#absorb(orb, match.model.me, match, nowMs)
  }

  #leave(slot: number, match: Match, nowMs: number): void {
    const profile = match.model.players.get(slot)
    if (profile !== undefined) this.#toasts.show(`${profile.name} left`, profile.hue)
    const view = match.views.get(slot)
    if (view !== undefined) this.#renderer.effects.burst(view.x, view.y, view.hue, 26, 300, nowMs)
  }

  #gain(slot: number, score: number, match: Match, nowMs: number): void {
    const view = match.views.get(slot)
    const gained = score - (match.model.players.get(slot)?.score ?? score)
    if (view?.isMe !== true || gained <= 0) return
    this.#renderer.effects.text(view.x, view.y - view.radius - 18, `+${gained}`, GAIN_COLOR, nowMs)
  }

  #take(orbId: number, by: number, match: Match, nowMs: number): void {
    const orb = match.model.orbs.get(orbId)
    // The own pickups were shown when they were touched.
    if (orb !== undefined && by !== match.model.me) this.#absorb(orb, by, match, nowMs)
  }

  #absorb(orb: ArenaOrb, by: number, match: Match, nowMs: number): void {
    const { effects, camera } = this.#renderer
    if (!camera.sees(orb.x, orb.y, 60)) return
    const hue = orbHue(orb)
    effects.fly(orb.x, orb.y, hue, () => match.views.get(by) ?? orb, nowMs)
    effects.burst(orb.x, orb.y, hue, orb.value > RICH_VALUE ? 16 : 6, 190, nowMs)
  }

  #dash(view: PlayerView | undefined, nowMs: number): void {
    if (view === undefined) return
    this.#renderer.effects.ring(view.x, view.y, view.radius * 2.2, `hsl(${view.hue} 100% 75%)`, nowMs)
    if (view.isMe) this.#sound.play('dash')
  }

  #bumper(bumper: number, view: PlayerView | undefined, nowMs: number): void {
    this.#renderer.floor.hitBumper(bumper, nowMs)
    if (view?.isMe !== true) return
    this.#sound.play('bump')
    this.#shake(5)
  }

  #bump(a: PlayerView | undefined, b: PlayerView | undefined, nowMs: number): void {
    if (a === undefined || b === undefined) return
    const { x, y } = contact(a, b)
    this.#renderer.effects.burst(x, y, 210, 8, 240, nowMs)
    if (!a.isMe && !b.isMe) return
    this.#sound.play('bump')
    this.#shake(3)
  }

  #hit(by: PlayerView | undefined, on: PlayerView | undefined, spilled: number, nowMs: number): void {
    if (on === undefined) return
    const { effects } = this.#renderer
    const { x, y } = by === undefined ? on : contact(by, on)
    effects.burst(x, y, HIT_HUE, 34, 620, nowMs)
    effects.ring(x, y, on.radius * 3.4, '#ffffff', nowMs)
    const isMine = on.isMe || by?.isMe === true
    if (spilled >= (isMine ? 1 : NEWSWORTHY_LOSS)) {
      effects.text(on.x, on.y - on.radius - 20, `−${spilled}`, LOSS_COLOR, nowMs)
    }
    if (isMine) {
      this.#sound.play('hit')
      this.#shake(on.isMe ? 14 : 7)
    }
  }

  #shake(strength: number): void {
    this.#renderer.camera.shake(strength * this.#shakeScale)
  }
}

/** The point between two players, nearer to the smaller one. */
function contact(a: PlayerView, b: PlayerView): { readonly x: number; readonly y: number } {
  const share = a.radius / (a.radius + b.radius)
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}
