import { cos, sin } from './angle.ts'
import { type Bumper, config } from './config.ts'

/** Position in units, velocity in units per second. */
export interface Body {
  x: number
  y: number
  vx: number
  vy: number
  radius: number
  /** Ticks until the next dash is allowed. */
  cooldownTicks: number
}

export interface Input {
  /** Direction in radians. */
  readonly angle: number
  /** 0 to 1. */
  strength: number
  dash: boolean
}

export interface Step {
  /** Index of the bumper that the body hit. */
  readonly bumper: number | undefined
  /** Whether a dash began. */
  readonly hasDashed: boolean
}

const { rules } = config
const TICK_SECONDS = 1 / rules.tickRate

/** Score makes a player larger and, with it, slower. */
export function radiusOf(score: number): number {
  return Math.min(rules.radiusBase + rules.radiusPerRootScore * Math.sqrt(score), rules.radiusMax)
}

/** A dash is told from its cooldown, which therefore is all that a snapshot must carry. */
export function isDashing(body: Body): boolean {
  return body.cooldownTicks > rules.dashCooldownTicks - rules.dashTicks
}

/**
 * Moves the body by one tick. The page predicts its own player with the same arithmetic (`web/movement.ts`); a test runs
 * them side by side, so change them together.
 */
export function stepBody(body: Body, input: Input): Step {
  const dx = cos(input.angle)
  const dy = sin(input.angle)
  if (body.cooldownTicks > 0) body.cooldownTicks -= 1
  const hasDashed = input.dash && body.cooldownTicks === 0
  if (hasDashed) {
    body.vx = dx * rules.dashSpeed
    body.vy = dy * rules.dashSpeed
    body.cooldownTicks = rules.dashCooldownTicks
  }

  const wanted = topSpeed(body.radius) * input.strength
  const grip = isDashing(body) ? rules.dashGrip : rules.grip
  body.vx += (dx * wanted - body.vx) * grip
  body.vy += (dy * wanted - body.vy) * grip
  body.x += body.vx * TICK_SECONDS
  body.y += body.vy * TICK_SECONDS

  let hit: number | undefined
  rules.bumpers.forEach((bumper, index) => {
    if (leaveBumper(body, bumper)) hit = index
  })
  stayInside(body)
  return { bumper: hit, hasDashed }
}

function topSpeed(radius: number): number {
  const growth = (radius - rules.radiusBase) / (rules.radiusMax - rules.radiusBase)
  return rules.speed * (1 - growth * (1 - rules.speedShareAtMax))
}

/** Throws the body back from a bumper it touches. */
function leaveBumper(body: Body, bumper: Bumper): boolean {
  const dx = body.x - bumper.x
  const dy = body.y - bumper.y
  const reach = body.radius + bumper.radius
  const squared = dx * dx + dy * dy
  if (squared >= reach * reach) return false
  const distance = Math.sqrt(squared)
  const nx = distance > 0 ? dx / distance : 1
  const ny = distance > 0 ? dy / distance : 0
  body.x = bumper.x + nx * reach
  body.y = bumper.y + ny * reach
  const outward = body.vx * nx + body.vy * ny
  if (outward < rules.bumperKick) {
    const push = rules.bumperKick - outward
    body.vx += push * nx
    body.vy += push * ny
  }
  return true
}

function stayInside(body: Body): void {
  const limit = rules.arenaRadius - body.radius
  const squared = body.x * body.x + body.y * body.y
  if (squared <= limit * limit) return
  const distance = Math.sqrt(squared)
  const nx = body.x / distance
  const ny = body.y / distance
  body.x = nx * limit
  body.y = ny * limit
  const outward = body.vx * nx + body.vy * ny
  if (outward > 0) {
    const push = outward * (1 + rules.rimRestitution)
    body.vx -= push * nx
    body.vy -= push * ny
  }
}
