import type { ArenaOrb } from '../arena-model.ts'
import type { Camera } from './camera.ts'
import type { Sprites } from './sprites.ts'
import type { Scene } from './scene.ts'

/** Worth more than this an orb is drawn as a golden star. */
const PLAIN_VALUE = 2
const GOLD_HUE = 46
const PLAIN_HUES = [188, 160, 205, 265, 312] as const
const FLIGHT_MS = 320
const GROWTH_MS = 220

/** The hue in which an orb of that id and value shines. */
export function orbHue(orb: { readonly id: number; readonly value: number }): number {
  return orb.value > PLAIN_VALUE ? GOLD_HUE : (PLAIN_HUES[orb.id % PLAIN_HUES.length] as number)
}

export function drawOrbs(
  context: CanvasRenderingContext2D,
  camera: Camera,
  scene: Scene,
  sprites: Sprites,
): void {
  const visible = [...scene.orbs].filter((orb) => camera.sees(orb.x, orb.y, 200))
  context.globalCompositeOperation = 'lighter'
  for (const orb of visible) {
    const { x, y } = place(orb, scene.nowMs)
    const radius = size(orb, scene.nowMs) * 3.4
    context.drawImage(sprites.glow(orbHue(orb)), x - radius, y - radius, 2 * radius, 2 * radius)
  }
  context.globalCompositeOperation = 'source-over'
  for (const orb of visible) {
    const { x, y } = place(orb, scene.nowMs)
    const radius = size(orb, scene.nowMs)
    context.fillStyle = `hsl(${orbHue(orb)} 100% 86%)`
    context.beginPath()
    if (orb.value > PLAIN_VALUE) traceStar(context, x, y, radius * 1.15, scene.nowMs * 0.0012 + orb.id)
    else context.arc(x, y, radius * 0.72, 0, 2 * Math.PI)
    context.fill()
  }
}

function size(orb: ArenaOrb, nowMs: number): number {
  const grown = Math.min((nowMs - orb.appearedMs) / GROWTH_MS, 1)
  const pulse = 1 + 0.1 * Math.sin(nowMs * 0.004 + orb.id * 1.7)
  return (5.5 + 2.4 * Math.sqrt(orb.value)) * pulse * Math.max(grown, 0.05)
}

/** Orbs that are knocked out of a player fly to their place. */
function place(orb: ArenaOrb, nowMs: number): { readonly x: number; readonly y: number } {
  const share = Math.min((nowMs - orb.appearedMs) / FLIGHT_MS, 1)
  if (orb.from === undefined || share === 1) return orb
  const eased = 1 - (1 - share) ** 3
  return { x: orb.from.x + (orb.x - orb.from.x) * eased, y: orb.from.y + (orb.y - orb.from.y) * eased }
}

function traceStar(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  turn: number,
): void {
  for (let corner = 0; corner < 10; corner += 1) {
    const angle = turn + (corner * Math.PI) / 5
    const reach = corner % 2 === 0 ? radius : radius * 0.52
    context.lineTo(x + Math.cos(angle) * reach, y + Math.sin(angle) * reach)
  }
  context.closePath()
}
