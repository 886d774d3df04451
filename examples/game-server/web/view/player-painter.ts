import type { Camera } from './camera.ts'
import type { PlayerView, Scene } from './scene.ts'
import type { Sprites } from './sprites.ts'

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
const TURN_HALF_LIFE_MS = 60
const GROW_HALF_LIFE_MS = 90
const TRAIL_MS = 260
const BLINK_EVERY_MS = 3400
const BLINK_MS = 130

interface Footprint {
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly atMs: number
}

/** What a player's picture remembers from frame to frame. */
interface Look {
  facing: number
  radius: number
  seenMs: number
  trail: Footprint[]
}

/** Draws players: bodies that stretch with their speed, faces that look where they go, names and crowns. */
export class PlayerPainter {
  readonly #sprites: Sprites
  readonly #looks = new Map<number, Look>()

  constructor(sprites: Sprites) {
    this.#sprites = sprites
  }

  draw(context: CanvasRenderingContext2D, camera: Camera, scene: Scene, elapsedMs: number): void {
    const { nowMs } = scene
    const visible = scene.players.filter((player) => camera.sees(player.x, player.y, player.radius + 120))
    // Large ones below small ones, so that nobody is hidden; the own player on top.
    visible.sort((a, b) => Number(a.isMe) - Number(b.isMe) || b.radius - a.radius)
    for (const player of visible) this.#update(player, nowMs, elapsedMs)
    this.#forgetUnseen(nowMs)

    context.globalCompositeOperation = 'lighter'
    for (const player of visible) this.#drawTrail(context, player, nowMs)
    context.globalCompositeOperation = 'source-over'
    for (const player of visible) this.#drawBody(context, player, nowMs)
    for (const player of visible) this.#drawLabel(context, camera, player)
  }

  #look(player: PlayerView): Look {
    let look = this.#looks.get(player.slot)
    if (look === undefined) {
      look = { facing: Math.PI / 2, radius: player.radius, seenMs: 0, trail: [] }
      this.#looks.set(player.slot, look)
    }
    return look
  }

  #update(player: PlayerView, nowMs: number, elapsedMs: number): void {
    const look = this.#look(player)
    look.seenMs = nowMs
    look.radius += (player.radius - look.radius) * (1 - 0.5 ** (elapsedMs / GROW_HALF_LIFE_MS))
    if (Math.hypot(player.vx, player.vy) > 40) {
      const turn = Math.atan2(player.vy, player.vx) - look.facing
      const shortest = Math.atan2(Math.sin(turn), Math.cos(turn))
      look.facing += shortest * (1 - 0.5 ** (elapsedMs / TURN_HALF_LIFE_MS))
    }
    if (player.isDashing) {
      look.trail.push({ x: player.x, y: player.y, radius: look.radius, atMs: nowMs })
    }
    look.trail = look.trail.filter((footprint) => nowMs - footprint.atMs < TRAIL_MS)
  }

  #forgetUnseen(nowMs: number): void {
    for (const [slot, look] of this.#looks) {
      if (nowMs - look.seenMs > 1000) this.#looks.delete(slot)
    }
  }

  #drawTrail(context: CanvasRenderingContext2D, player: PlayerView, nowMs: number): void {
    const look = this.#look(player)
    const glow = this.#sprites.glow(player.hue)
    for (const footprint of look.trail) {
      const fade = 1 - (nowMs - footprint.atMs) / TRAIL_MS
      const radius = footprint.radius * (0.6 + 0.9 * fade)
      context.globalAlpha = 0.3 * fade
      context.drawImage(glow, footprint.x - radius, footprint.y - radius, 2 * radius, 2 * radius)
    }
    const halo = look.radius * 2
    context.globalAlpha = player.isMe || player.isDashing ? 0.6 : 0.38
    context.drawImage(glow, player.x - halo, player.y - halo, 2 * halo, 2 * halo)
    context.globalAlpha = 1
  }

  #drawBody(context: CanvasRenderingContext2D, player: PlayerView, nowMs: number): void {
    const look = this.#look(player)
    const { radius, facing } = look
    const speed = Math.hypot(player.vx, player.vy)
    const stretch = Math.min(speed / 2600, 0.34)
    context.save()
    context.translate(player.x, player.y)
    context.save()
    // Stretches along the motion without turning the light on the body.
    const heading = Math.atan2(player.vy, player.vx)
    context.rotate(heading)
    context.scale(1 + stretch, 1 - stretch * 0.7)
    context.rotate(-heading)
    context.drawImage(this.#sprites.body(player.hue), -radius, -radius, 2 * radius, 2 * radius)
    context.restore()
    drawFace(context, radius, facing, isBlinking(player.slot, nowMs), player.isDashing)
    if (player.isProtected) drawShield(context, radius, nowMs)
    if (player.isMe && player.charge < 1) drawCharge(context, radius, player.charge)
    if (player.isLeader) drawCrown(context, radius)
    context.restore()
  }

  #drawLabel(context: CanvasRenderingContext2D, camera: Camera, player: PlayerView): void {
    const { radius } = this.#look(player)
    // Names stay readable on a small screen, where everything else shrinks.
    const size = Math.max(15, 12 / camera.scale)
    context.font = `${player.isMe ? 700 : 600} ${size}px ${FONT}`
    context.textAlign = 'center'
    context.textBaseline = 'top'
    context.lineJoin = 'round'
    context.lineWidth = size * 0.28
    context.strokeStyle = 'rgb(5 8 20 / 0.75)'
    context.fillStyle = player.isMe ? '#ffffff' : 'rgb(222 230 255 / 0.92)'
    const y = player.y + radius + size * 0.35
    context.strokeText(player.name, player.x, y)
    context.fillText(player.name, player.x, y)
  }
}

function isBlinking(slot: number, nowMs: number): boolean {
  return (nowMs + slot * 977) % BLINK_EVERY_MS < BLINK_MS
}

function drawFace(
  context: CanvasRenderingContext2D,
  radius: number,
  facing: number,
  isBlinking: boolean,
  isDashing: boolean,
): void {
  const lookX = Math.cos(facing)
  const lookY = Math.sin(facing)
  const eye = radius * 0.27
  for (const side of [-1, 1]) {
    const x = lookX * radius * 0.24 + side * radius * 0.36
    const y = lookY * radius * 0.2 - radius * 0.06
    if (isBlinking) {
      context.strokeStyle = '#141a33'
      context.lineWidth = radius * 0.08
      context.beginPath()
      context.moveTo(x - eye * 0.8, y)
      context.lineTo(x + eye * 0.8, y)
      context.stroke()
      continue
    }
    context.fillStyle = '#ffffff'
    context.beginPath()
    context.ellipse(x, y, eye, eye * (isDashing ? 0.78 : 1.08), 0, 0, 2 * Math.PI)
    context.fill()
    context.fillStyle = '#141a33'
    context.beginPath()
    context.arc(x + lookX * eye * 0.42, y + lookY * eye * 0.42, eye * 0.52, 0, 2 * Math.PI)
    context.fill()
  }
}

function drawShield(context: CanvasRenderingContext2D, radius: number, nowMs: number): void {
  context.strokeStyle = `rgb(200 225 255 / ${0.6 + 0.3 * Math.sin(nowMs * 0.012)})`
  context.lineWidth = 3
  context.setLineDash([9, 7])
  context.lineDashOffset = nowMs * 0.03
  context.beginPath()
  context.arc(0, 0, radius + 9, 0, 2 * Math.PI)
  context.stroke()
  context.setLineDash([])
}

/** The recharging dash, as an arc around the own player. */
function drawCharge(context: CanvasRenderingContext2D, radius: number, charge: number): void {
  context.lineCap = 'round'
  context.lineWidth = 4
  context.strokeStyle = 'rgb(255 255 255 / 0.14)'
  context.beginPath()
  context.arc(0, 0, radius + 7, 0, 2 * Math.PI)
  context.stroke()
  context.strokeStyle = 'rgb(255 255 255 / 0.85)'
  context.beginPath()
  context.arc(0, 0, radius + 7, -Math.PI / 2, -Math.PI / 2 + charge * 2 * Math.PI)
  context.stroke()
  context.lineCap = 'butt'
}

function drawCrown(context: CanvasRenderingContext2D, radius: number): void {
  const width = radius * 0.62
  const base = -radius * 1.04
  const height = radius * 0.5
  context.beginPath()
  context.moveTo(-width, base)
  context.lineTo(-width * 1.12, base - height)
  context.lineTo(-width * 0.48, base - height * 0.45)
  context.lineTo(0, base - height * 1.2)
  context.lineTo(width * 0.48, base - height * 0.45)
  context.lineTo(width * 1.12, base - height)
  context.lineTo(width, base)
  context.closePath()
  context.fillStyle = '#ffd34d'
  context.strokeStyle = '#7a4b00'
  context.lineWidth = Math.max(1.5, radius * 0.05)
  context.lineJoin = 'round'
  context.fill()
  context.stroke()
}
