import type { Camera } from './camera.ts'
import type { Sprites } from './sprites.ts'
import type { Scene } from './scene.ts'

const GRID_UNITS = 100
const STAR_COUNT = 140
const BUMPER_FLASH_MS = 320

interface Star {
  readonly x: number
  readonly y: number
  readonly depth: number
  readonly phase: number
}

/** The night outside, the arena's floor with its rim, and the bumpers. */
export class Floor {
  readonly #sprites: Sprites
  readonly #stars: readonly Star[]
  readonly #hitMs = new Map<number, number>()

  constructor(sprites: Sprites, random: () => number) {
    this.#sprites = sprites
    this.#stars = Array.from({ length: STAR_COUNT }, () => ({
      x: random(),
      y: random(),
      depth: 0.05 + 0.15 * random(),
      phase: random() * 2 * Math.PI,
    }))
  }

  /** Makes a bumper flash. */
  hitBumper(bumper: number, nowMs: number): void {
    this.#hitMs.set(bumper, nowMs)
  }

  /** Drawn in CSS pixels, behind everything. */
  drawSky(context: CanvasRenderingContext2D, camera: Camera, nowMs: number): void {
    const night = context.createLinearGradient(0, 0, camera.width, camera.height)
    night.addColorStop(0, '#0b0a22')
    night.addColorStop(0.5, '#060816')
    night.addColorStop(1, '#0d0a24')
    context.fillStyle = night
    context.fillRect(0, 0, camera.width, camera.height)
    context.fillStyle = '#c9d6ff'
    for (const star of this.#stars) {
      const x = wrap(star.x * camera.width - camera.x * star.depth, camera.width)
      const y = wrap(star.y * camera.height - camera.y * star.depth, camera.height)
      context.globalAlpha = (0.25 + 0.2 * Math.sin(nowMs * 0.0012 + star.phase)) * (star.depth / 0.2)
      const size = 0.8 + star.depth * 7
      context.fillRect(x, y, size, size)
    }
    context.globalAlpha = 1
  }

  /** Drawn in units. */
  drawArena(context: CanvasRenderingContext2D, camera: Camera, scene: Scene): void {
    const { arenaRadius, nowMs } = scene
    const light = context.createRadialGradient(0, 0, 0, 0, 0, arenaRadius)
    light.addColorStop(0, '#22306a')
    light.addColorStop(0.55, '#172350')
    light.addColorStop(1, '#101a40')
    context.fillStyle = light
    context.beginPath()
    context.arc(0, 0, arenaRadius, 0, 2 * Math.PI)
    context.fill()
    drawGrid(context, camera, arenaRadius)
    drawCircles(context, arenaRadius)
    drawRim(context, arenaRadius, nowMs)
    scene.bumpers.forEach((bumper, index) => {
      if (camera.sees(bumper.x, bumper.y, bumper.radius * 2)) {
        this.#drawBumper(context, bumper, this.#flash(index, nowMs), nowMs)
      }
    })
  }

  #flash(bumper: number, nowMs: number): number {
    const hitMs = this.#hitMs.get(bumper)
    return hitMs === undefined ? 0 : Math.max(0, 1 - (nowMs - hitMs) / BUMPER_FLASH_MS)
  }

  #drawBumper(
    context: CanvasRenderingContext2D,
    { x, y, radius }: Scene['bumpers'][number],
    flash: number,
    nowMs: number,
  ): void {
    const swell = radius * (1 + 0.12 * flash)
    const glow = swell * (1.75 + 0.5 * flash)
    context.globalCompositeOperation = 'lighter'
    context.globalAlpha = 0.4 + 0.6 * flash
    context.drawImage(this.#sprites.glow(330), x - glow, y - glow, 2 * glow, 2 * glow)
    context.globalCompositeOperation = 'source-over'
    context.globalAlpha = 1

    context.fillStyle = flash > 0 ? '#78204f' : '#23123a'
    context.beginPath()
    context.arc(x, y, swell, 0, 2 * Math.PI)
    context.fill()
    context.strokeStyle = flash > 0.4 ? '#ffffff' : '#ff5fa2'
    context.lineWidth = 5
    context.stroke()

    context.lineWidth = 3
    context.strokeStyle = 'rgb(255 140 190 / 0.75)'
    context.setLineDash([swell * 0.34, swell * 0.26])
    context.lineDashOffset = nowMs * 0.02
    context.beginPath()
    context.arc(x, y, swell * 0.68, 0, 2 * Math.PI)
    context.stroke()
    context.setLineDash([])
    context.fillStyle = `rgb(255 120 180 / ${0.35 + 0.65 * flash})`
    context.beginPath()
    context.arc(x, y, swell * 0.3, 0, 2 * Math.PI)
    context.fill()
  }
}

function wrap(value: number, size: number): number {
  return ((value % size) + size) % size
}

function drawGrid(context: CanvasRenderingContext2D, camera: Camera, arenaRadius: number): void {
  const halfWidth = camera.width / 2 / camera.scale
  const halfHeight = camera.height / 2 / camera.scale
  context.lineWidth = 1.2
  context.strokeStyle = 'rgb(126 160 255 / 0.1)'
  context.beginPath()
  for (const x of gridLines(camera.x - halfWidth, camera.x + halfWidth, arenaRadius)) {
    const end = Math.sqrt(arenaRadius * arenaRadius - x * x)
    context.moveTo(x, -end)
    context.lineTo(x, end)
  }
  for (const y of gridLines(camera.y - halfHeight, camera.y + halfHeight, arenaRadius)) {
    const end = Math.sqrt(arenaRadius * arenaRadius - y * y)
    context.moveTo(-end, y)
    context.lineTo(end, y)
  }
  context.stroke()
}

function* gridLines(from: number, to: number, arenaRadius: number): Generator<number> {
  const first = Math.ceil(Math.max(from, -arenaRadius) / GRID_UNITS) * GRID_UNITS
  for (let line = first; line <= Math.min(to, arenaRadius); line += GRID_UNITS) yield line
}

/** Markings that tell at a glance how far the middle is. */
function drawCircles(context: CanvasRenderingContext2D, arenaRadius: number): void {
  context.lineWidth = 2.5
  context.strokeStyle = 'rgb(126 164 255 / 0.16)'
  for (const share of [1 / 3, 2 / 3]) {
    context.beginPath()
    context.arc(0, 0, arenaRadius * share, 0, 2 * Math.PI)
    context.stroke()
  }
}

/** Several strokes of decreasing width make a glow that costs nothing. */
function drawRim(context: CanvasRenderingContext2D, arenaRadius: number, nowMs: number): void {
  const pulse = 0.85 + 0.15 * Math.sin(nowMs * 0.002)
  for (const [width, alpha] of [
    [84, 0.07],
    [46, 0.12],
    [20, 0.3],
    [7, 1],
  ] as const) {
    context.lineWidth = width
    context.strokeStyle = `rgb(98 152 255 / ${alpha * pulse})`
    context.beginPath()
    context.arc(0, 0, arenaRadius + 3, 0, 2 * Math.PI)
    context.stroke()
  }
  context.lineWidth = 3
  context.strokeStyle = 'rgb(150 190 255 / 0.35)'
  context.setLineDash([26, 60])
  context.lineDashOffset = -nowMs * 0.03
  context.beginPath()
  context.arc(0, 0, arenaRadius + 22, 0, 2 * Math.PI)
  context.stroke()
  context.setLineDash([])
}
