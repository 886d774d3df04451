import { ArenaModel, type ArenaOrb } from './arena-model.ts'
import { EventSchedule } from './event-schedule.ts'
import type { ArenaEvent, EventBatch, Welcome } from './messages.ts'
import { isDashing, radiusOf } from './movement.ts'
import { PlaybackClock } from './playback-clock.ts'
import { encodeInputs, type PlayerInput } from './player-input.ts'
import { Prediction } from './prediction.ts'
import type { Snapshot } from './snapshot.ts'
import { type SampledMotion, SnapshotBuffer } from './snapshot-buffer.ts'
import type { PlayerView, Scene } from './view/scene.ts'

/** After a pause (a hidden page) at most this many ticks are made up for. */
const MAX_TICKS_PER_FRAME = 3

/** What a frame does to the world outside; called in the order in which things happen. */
export interface MatchObserver {
  /** The next input is needed. */
  readonly nextInput: () => PlayerInput
  /** An input message is to be sent. */
  readonly onInput: (bytes: Uint8Array) => void
  /** An event is about to be applied to the model. */
  readonly onEvent: (event: ArenaEvent) => void
  /** The own player seems to take an orb; the server's word follows as a `take` event. */
  readonly onTouch: (orb: ArenaOrb) => void
}

/**
 * One stay in an arena: takes what the server sends and answers, for every frame, who is where. Others are shown as
 * they were a moment ago, smoothly; the own player as it will be once the server has seen the newest input.
 */
export class Match {
  readonly model: ArenaModel
  readonly #buffer: SnapshotBuffer
  readonly #clock: PlaybackClock
  readonly #schedule: EventSchedule
  readonly #dueAtOnce: ArenaEvent[] = []
  readonly #tickMs: number
  #prediction: Prediction | undefined
  #tickedMs: number
  #frameMs: number
  #views: ReadonlyMap<number, PlayerView> = new Map()

  constructor(welcome: Welcome, nowMs: number) {
    const { tickRateHz } = welcome.rules
    this.model = new ArenaModel(welcome, nowMs)
    this.#buffer = new SnapshotBuffer(tickRateHz)
    this.#clock = new PlaybackClock(tickRateHz)
    this.#schedule = new EventSchedule(welcome.you)
    this.#tickMs = 1000 / tickRateHz
    this.#tickedMs = nowMs
    this.#frameMs = nowMs
  }

  /** The players as the last frame showed them, by slot. */
  get views(): ReadonlyMap<number, PlayerView> {
    return this.#views
  }

  /** The newest step that the server told of. */
  get newestStep(): number | undefined {
    return this.#buffer.newestStep
  }

  receiveSnapshot(snapshot: Snapshot, nowMs: number): void {
    if (!this.#buffer.push(snapshot)) return
    this.#clock.observe(snapshot.step, nowMs)
    const own = snapshot.players.find((player) => player.slot === this.model.me)
    if (own === undefined) return
    const score = this.#myScore()
    if (this.#prediction === undefined) {
      this.#prediction = new Prediction(this.model.rules, own, score)
      this.#tickedMs = nowMs
    } else this.#prediction.reconcile(own, score)
  }

  receiveEvents(batch: EventBatch): void {
    this.#dueAtOnce.push(...this.#schedule.push(batch))
  }

  /** Moves everything on to now. */
  advance(nowMs: number, observer: MatchObserver): void {
    this.#clock.advance(nowMs)
    const due = [...this.#dueAtOnce.splice(0), ...this.#schedule.takeDue(this.#clock.step)]
    for (const event of due) this.#apply(event, nowMs, observer)
    this.#tick(nowMs, observer)
    this.#prediction?.update(nowMs - this.#frameMs)
    this.#frameMs = nowMs
    this.#views = this.#createViews(nowMs)
    const me = this.#views.get(this.model.me)
    if (me !== undefined) this.model.touchOrbs(me.x, me.y, me.radius, nowMs).forEach(observer.onTouch)
  }

  /** What the last {@link advance} led to. */
  scene(nowMs: number): Scene {
    return {
      nowMs,
      arenaRadius: this.model.rules.arenaRadius,
      bumpers: this.model.rules.bumpers,
      orbs: this.model.visibleOrbs(nowMs),
      players: [...this.#views.values()],
    }
  }

  #myScore(): number {
    return this.model.players.get(this.model.me)?.score ?? 0
  }

  #apply(event: ArenaEvent, nowMs: number, observer: MatchObserver): void {
    // The own dash was shown when it began.
    const isShown = event.kind === 'dash' && event.slot === this.model.me
    if (!isShown) observer.onEvent(event)
    const origin = event.kind === 'orb' && event.from !== undefined ? this.#views.get(event.from) : undefined
    this.model.apply(event, nowMs, origin)
  }

  #tick(nowMs: number, observer: MatchObserver): void {
    const prediction = this.#prediction
    if (prediction === undefined) return
    this.#tickedMs = Math.max(this.#tickedMs, nowMs - MAX_TICKS_PER_FRAME * this.#tickMs)
    while (nowMs - this.#tickedMs >= this.#tickMs) {
      this.#tickedMs += this.#tickMs
      const wasReady = prediction.body.cooldownTicks <= 1
      const input = observer.nextInput()
      if (!prediction.step(input)) continue
      if (wasReady && input.dash) observer.onEvent({ kind: 'dash', slot: this.model.me })
      observer.onInput(encodeInputs(prediction.pending))
    }
  }

  #createViews(nowMs: number): ReadonlyMap<number, PlayerView> {
    const leader = this.model.standings()[0]
    const leaderSlot = leader !== undefined && leader.score > 0 ? leader.slot : undefined
    const views = new Map<number, PlayerView>()
    for (const sampled of this.#buffer.sample(this.#clock.step)) {
      const profile = this.model.players.get(sampled.slot)
      if (profile === undefined) continue
      const isMe = sampled.slot === this.model.me
      const motion = isMe ? this.#ownMotion(sampled, nowMs) : sampled
      const { rules } = this.model
      views.set(sampled.slot, {
        ...profile,
        x: motion.x,
        y: motion.y,
        vx: motion.vx,
        vy: motion.vy,
        radius: radiusOf(profile.score, rules),
        isDashing: isDashing(motion.cooldownTicks, rules),
        isProtected: sampled.isProtected,
        isMe,
        isLeader: sampled.slot === leaderSlot,
        charge: 1 - motion.cooldownTicks / rules.dashCooldownTicks,
      })
    }
    return views
  }

  #ownMotion(sampled: SampledMotion, nowMs: number): Omit<SampledMotion, 'slot' | 'isProtected'> {
    const prediction = this.#prediction
    if (prediction === undefined) return sampled
    const { vx, vy, cooldownTicks } = prediction.body
    const progress = Math.min((nowMs - this.#tickedMs) / this.#tickMs, 1)
    return { ...prediction.position(progress), vx, vy, cooldownTicks }
  }
}
