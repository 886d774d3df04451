import type { Camera } from './camera.ts'
import type { Sprites } from './sprites.ts'

const MAX_PARTICLES = 500
const MAX_TEXTS = 40
const MAX_RINGS = 40
/** Share of its speed that a particle keeps for each second. */
const PARTICLE_DRAG = 0.04
const TEXT_MS = 850
const TEXT_RISE = 56
const RING_MS = 420
const FLIGHT_MS = 130

interface Particle {
  x: number
  y: number
  vx: number
  vy: number
  readonly radius: number
  readonly hue: number
  readonly bornMs: number
  readonly lifeMs: number
}

interface FloatingText {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly color: string
  readonly bornMs: number
}

interface Ring {
  readonly x: number
  readonly y: number
  readonly reach: number
  readonly color: string
  readonly bornMs: number
}

/** An orb on its way into the player who took it. */
interface Flyer {
  readonly fromX: number
  readonly fromY: number
  readonly hue: number
  readonly bornMs: number
  readonly target: () => { readonly x: number; readonly y: number }
}

/** Short-lived things that nobody collides with: sparks, shock waves, flying orbs and numbers. */
export class Effects {
  readonly #sprites: Sprites
  readonly #random: () => number
  #particles: Particle[] = []
  #texts: FloatingText[] = []
  #rings: Ring[] = []
  #flyers: Flyer[] = []

  constructor(sprites: Sprites, random: () => number) {
    this.#sprites = sprites
    this.#random = random
  }

  /** Sparks in all directions. `speed` is that of the fastest, in units per second. */
  burst(x: number, y: number, hue: number, count: number, speed: number, nowMs: number): void {
    const free = Math.max(MAX_PARTICLES - this.#particles.length, 0)
    for (let spark = 0; spark < Math.min(count, free); spark += 1) {
      const angle = this.#random() * 2 * Math.PI
      const pace = speed * (0.25 + 0.75 * this.#random())
      this.#particles.push({
        x,
        y,
        vx: Math.cos(angle) * pace,
        vy: Math.sin(angle) * pace,
        radius: 3 + 4 * this.#random(),
        hue,
        bornMs: nowMs,
        lifeMs: 260 + 380 * this.#random(),
      })
    }
  }

  /** A shock wave that grows to `reach`. */
  ring(x: number, y: number, reach: number, color: string, nowMs: number): void {
    if (this.#rings.length < MAX_RINGS) this.#rings.push({ x, y, reach, color, bornMs: nowMs })
  }

  /** A word that rises and fades. */
  text(x: number, y: number, text: string, color: string, nowMs: number): void {
    if (this.#texts.length < MAX_TEXTS) this.#texts.push({ x, y, text, color, bornMs: nowMs })
  }

  /** An orb that is drawn into its taker. */
  fly(x: number, y: number, hue: number, target: Flyer['target'], nowMs: number): void {
    this.#flyers.push({ fromX: x, fromY: y, hue, target, bornMs: nowMs })
  }

  update(nowMs: number, elapsedMs: number): void {
    const seconds = elapsedMs / 1000
    const kept = PARTICLE_DRAG ** seconds
    this.#particles = this.#particles.filter((particle) => nowMs - particle.bornMs < particle.lifeMs)
    for (const particle of this.#particles) {
      particle.x += particle.vx * seconds
      particle.y += particle.vy * seconds
      particle.vx *= kept
      particle.vy *= kept
    }
    this.#texts = this.#texts.filter((text) => nowMs - text.bornMs < TEXT_MS)
    this.#rings = this.#rings.filter((ring) => nowMs - ring.bornMs < RING_MS)
    this.#flyers = this.#flyers.filter((flyer) => nowMs - flyer.bornMs < FLIGHT_MS)
  }

  /** What must not hide a player's face: sparks and flying orbs. */
  drawBelow(context: CanvasRenderingContext2D, nowMs: number): void {
    context.globalCompositeOperation = 'lighter'
    for (const particle of this.#particles) {
      const left = 1 - (nowMs - particle.bornMs) / particle.lifeMs
      const radius = particle.radius * (0.8 + 1.6 * left)
      context.globalAlpha = left
      const glow = this.#sprites.glow(particle.hue)
      context.drawImage(glow, particle.x - radius, particle.y - radius, 2 * radius, 2 * radius)
    }
    context.globalAlpha = 1
    for (const flyer of this.#flyers) this.#drawFlyer(context, flyer, nowMs)
    context.globalCompositeOperation = 'source-over'
  }

  /** What everybody must see: shock waves and numbers. */
  drawAbove(context: CanvasRenderingContext2D, camera: Camera, nowMs: number): void {
    context.globalCompositeOperation = 'lighter'
    for (const ring of this.#rings) drawRing(context, ring, nowMs)
    context.globalCompositeOperation = 'source-over'
    for (const text of this.#texts) drawText(context, camera, text, nowMs)
    context.globalAlpha = 1
  }

  #drawFlyer(context: CanvasRenderingContext2D, flyer: Flyer, nowMs: number): void {
    const share = ((nowMs - flyer.bornMs) / FLIGHT_MS) ** 2
    const target = flyer.target()
    const x = flyer.fromX + (target.x - flyer.fromX) * share
    const y = flyer.fromY + (target.y - flyer.fromY) * share
    const radius = 22 * (1 - 0.5 * share)
    context.drawImage(this.#sprites.glow(flyer.hue), x - radius, y - radius, 2 * radius, 2 * radius)
  }
}

function drawRing(context: CanvasRenderingContext2D, ring: Ring, nowMs: number): void {
  const share = (nowMs - ring.bornMs) / RING_MS
  const eased = 1 - (1 - share) ** 3
  context.globalAlpha = 0.8 * (1 - share)
  context.strokeStyle = ring.color
  context.lineWidth = 7 * (1 - share) + 1
  context.beginPath()
  context.arc(ring.x, ring.y, ring.reach * eased, 0, 2 * Math.PI)
  context.stroke()
}

function drawText(
  context: CanvasRenderingContext2D,
  camera: Camera,
  text: FloatingText,
  nowMs: number,
): void {
  const share = (nowMs - text.bornMs) / TEXT_MS
  const size = Math.max(20, 16 / camera.scale)
  context.font = `800 ${size}px system-ui, sans-serif`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.globalAlpha = 1 - share ** 2
  context.lineWidth = size * 0.22
  context.lineJoin = 'round'
  context.strokeStyle = 'rgb(5 8 20 / 0.8)'
  context.fillStyle = text.color
  const y = text.y - TEXT_RISE * (1 - (1 - share) ** 2)
  context.strokeText(text.text, text.x, y)
  context.fillText(text.text, text.x, y)
}
