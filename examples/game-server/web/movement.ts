import { FULL_STRENGTH, inputAngle, type PlayerInput } from './player-input.ts'
import type { Bumper, Rules } from './rules.ts'

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

export function radiusOf(score: number, rules: Rules): number {
  return Math.min(rules.radiusBase + rules.radiusPerRootScore * Math.sqrt(score), rules.radiusMax)
}

export function isDashing(cooldownTicks: number, rules: Rules): boolean {
  return cooldownTicks > rules.dashCooldownTicks - rules.dashTicks
}

/**
 * Moves a body by one tick, with the arithmetic of `lua/arena/movement.lua`: the page predicts its own player with
 * it, and a test runs both side by side.
 */
export function stepBody(body: Body, input: PlayerInput, rules: Rules): void {
  const angle = inputAngle(input)
  const dx = Math.cos(angle)
  const dy = Math.sin(angle)
  if (body.cooldownTicks > 0) body.cooldownTicks -= 1
  if (input.dash && body.cooldownTicks === 0) {
    body.vx = dx * rules.dashSpeed
    body.vy = dy * rules.dashSpeed
    body.cooldownTicks = rules.dashCooldownTicks
  }

  const wanted = topSpeed(body.radius, rules) * (input.strength / FULL_STRENGTH)
  const grip = isDashing(body.cooldownTicks, rules) ? rules.dashGrip : rules.grip
  body.vx += (dx * wanted - body.vx) * grip
  body.vy += (dy * wanted - body.vy) * grip
  body.x += body.vx / rules.tickRateHz
  body.y += body.vy / rules.tickRateHz

  for (const bumper of rules.bumpers) leaveBumper(body, bumper, rules)
  stayInside(body, rules)
}

function topSpeed(radius: number, rules: Rules): number {
  const growth = (radius - rules.radiusBase) / (rules.radiusMax - rules.radiusBase)
  return rules.speed * (1 - growth * (1 - rules.speedShareAtMax))
}

function leaveBumper(body: Body, bumper: Bumper, rules: Rules): void {
  const dx = body.x - bumper.x
  const dy = body.y - bumper.y
  const reach = body.radius + bumper.radius
  const distance = Math.sqrt(dx * dx + dy * dy)
  if (distance >= reach) return
  const nx = distance > 0 ? dx / distance : 1
  const ny = distance > 0 ? dy / distance : 0
  body.x = bumper.x + nx * reach
  body.y = bumper.y + ny * reach
  const outward = body.vx * nx + body.vy * ny
  if (outward < rules.bumperKick) {
    body.vx += (rules.bumperKick - outward) * nx
    body.vy += (rules.bumperKick - outward) * ny
  }
}

function stayInside(body: Body, rules: Rules): void {
  const limit = rules.arenaRadius - body.radius
  const distance = Math.sqrt(body.x * body.x + body.y * body.y)
  if (distance <= limit) return
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
