import { config } from './config.ts'
import { Grid } from './grid.ts'
import { isDashing } from './movement.ts'
import type { Player } from './player.ts'
import type { World } from './world.ts'

const { rules, hit } = config

/** Players against players: they push each other by weight, and a dash knocks points out of whom it hits. */
export class Collisions {
  /** Two of the largest players touch at twice their radius, so a query looks at four cells at most. */
  readonly #grid = new Grid<Player>(rules.arenaRadius, 2 * rules.radiusMax)
  readonly #near: Player[] = []

  add(player: Player): void {
    this.#grid.insert(player)
  }

  remove(player: Player): void {
    this.#grid.remove(player)
  }

  /** Finds every pair of players that touch, each pair once, in the order of their slots. */
  resolve(world: World): void {
    for (const player of world.players) this.#grid.move(player)
    for (const player of world.players) {
      this.#grid.near(player.x, player.y, player.radius + rules.radiusMax, this.#near)
      for (const other of this.#near) {
        if (other.slot > player.slot) meet(world, player, other)
      }
    }
  }
}

function meet(world: World, a: Player, b: Player): void {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const reach = a.radius + b.radius
  const squared = dx * dx + dy * dy
  if (squared >= reach * reach) return
  const distance = Math.sqrt(squared)
  const nx = distance > 0 ? dx / distance : 1
  const ny = distance > 0 ? dy / distance : 0
  const hasAHit = canHit(a, b)
  const hasBHit = canHit(b, a)
  bump(world, a, b, nx, ny, reach - distance)
  if (hasAHit) strike(world, a, b, nx, ny)
  if (hasBHit) strike(world, b, a, -nx, -ny)
}

/** Moves two overlapping players apart and lets them bounce. */
function bump(world: World, a: Player, b: Player, nx: number, ny: number, overlap: number): void {
  const shareA = shareOf(a, b)
  const shareB = 1 - shareA
  a.x -= nx * overlap * shareA
  a.y -= ny * overlap * shareA
  b.x += nx * overlap * shareB
  b.y += ny * overlap * shareB

  const closing = (a.vx - b.vx) * nx + (a.vy - b.vy) * ny
  if (closing <= 0) return
  const impulse = closing * (1 + config.bumpRestitution)
  a.vx -= nx * impulse * shareA
  a.vy -= ny * impulse * shareA
  b.vx += nx * impulse * shareB
  b.vy += ny * impulse * shareB
  limitSpeed(a)
  limitSpeed(b)
  if (closing > config.bumpEventSpeed) world.events.push({ e: 'bump', a: a.slot, b: b.slot })
}

/** The attacker's dash reached the victim; (nx, ny) points from attacker to victim. */
function strike(world: World, attacker: Player, victim: Player, nx: number, ny: number): void {
  const knockback = hit.knockback * (0.6 + 0.8 * shareOf(victim, attacker))
  victim.vx += nx * knockback
  victim.vy += ny * knockback
  limitSpeed(victim)
  victim.protectedTicks = config.protection.hitTicks

  const loss = Math.min(Math.ceil(victim.score * hit.spillShare), hit.spillMax)
  const spilled = world.orbs.spill(world.events, victim, loss)
  world.events.push({ e: 'hit', by: attacker.slot, on: victim.slot, spilled })
  world.addScore(victim, -spilled)
}

/** The share of a push that `a` takes: the weight of a player grows with its area. */
function shareOf(a: Player, b: Player): number {
  const weightA = a.radius * a.radius
  const weightB = b.radius * b.radius
  return weightB / (weightA + weightB)
}

function canHit(attacker: Player, victim: Player): boolean {
  return isDashing(attacker) && attacker.protectedTicks === 0 && victim.protectedTicks === 0
}

function limitSpeed(player: Player): void {
  const speed = Math.sqrt(player.vx * player.vx + player.vy * player.vy)
  if (speed <= config.speedLimit) return
  const scale = config.speedLimit / speed
  player.vx *= scale
  player.vy *= scale
}
