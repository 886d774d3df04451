import type { ArenaOrb } from './arena-model.ts'
import type { PlayerView, Scene } from './view/scene.ts'

const ARENA_RADIUS = 900
const BUMPERS = [
  { x: 0, y: -420, radius: 64 },
  { x: 470, y: 210, radius: 48 },
  { x: -500, y: 180, radius: 48 },
] as const
const HUES = [190, 46, 316, 158, 22, 268, 96, 350] as const
const ORB_COUNT = 70
const TURN_MS = 9000

/** What is to be seen behind the start screen: players who stroll in circles, and nobody is asked to connect. */
export function attractScene(nowMs: number): Scene {
  return {
    nowMs,
    arenaRadius: ARENA_RADIUS,
    bumpers: BUMPERS,
    orbs: orbs(),
    players: HUES.map((hue, index) => stroller(hue, index, nowMs)),
  }
}

function* orbs(): Generator<ArenaOrb> {
  // The golden angle spreads points over a disc without any of them meeting.
  for (let id = 1; id <= ORB_COUNT; id += 1) {
    const angle = id * 2.39996
    const distance = Math.sqrt(id / ORB_COUNT) * ARENA_RADIUS * 0.92
    const x = Math.cos(angle) * distance
    const y = Math.sin(angle) * distance
    yield { id, x, y, value: id % 9 === 0 ? 5 : 1, appearedMs: 0, from: undefined }
  }
}

function stroller(hue: number, index: number, nowMs: number): PlayerView {
  const phase = (nowMs / TURN_MS) * (1 + 0.12 * (index % 3)) + index * 1.9
  const reach = 250 + 62 * index
  const speed = 220
  return {
    slot: index + 1,
    name: '',
    hue,
    score: 0,
    radius: 26 + 4 * ((index * 3) % 7),
    x: Math.cos(phase) * reach,
    y: Math.sin(phase * 1.5 + index) * reach * 0.62,
    vx: -Math.sin(phase) * speed,
    vy: Math.cos(phase * 1.5 + index) * speed,
    isDashing: false,
    isProtected: false,
    isMe: false,
    isLeader: index === 2,
    charge: 1,
  }
}
