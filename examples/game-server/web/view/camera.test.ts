import { describe, expect, test } from 'vitest'
import { Camera } from './camera.ts'

const ARENA_RADIUS = 1000
const LONG_MS = 10_000

function cameraFor(width: number, height: number): Camera {
  const camera = new Camera()
  camera.resize(width, height)
  return camera
}

describe('the camera', () => {
  test('shows the same area of the arena on every screen', () => {
    for (const camera of [cameraFor(1920, 1080), cameraFor(390, 844), cameraFor(800, 800)]) {
      const area = (camera.width / camera.scale) * (camera.height / camera.scale)
      expect(area).toBeCloseTo(880_000, 3)
    }
  })

  test('comes to rest on whom it follows', () => {
    const camera = cameraFor(1280, 800)
    camera.follow(200, -100, ARENA_RADIUS, LONG_MS)
    expect(camera.x).toBeCloseTo(200, 3)
    expect(camera.y).toBeCloseTo(-100, 3)
  })

  test('stays behind near the rim, but keeps the player in sight', () => {
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      const camera = cameraFor(width, height)
      camera.follow(0, 970, ARENA_RADIUS, LONG_MS)
      expect(camera.y).toBeLessThan(850)
      expect(camera.sees(0, 970, 0)).toBe(true)
    }
  })

  test('sees what touches the screen and nothing beyond', () => {
    const camera = cameraFor(1000, 1000)
    const edge = 500 / camera.scale
    expect(camera.sees(edge + 10, 0, 11)).toBe(true)
    expect(camera.sees(edge + 10, 0, 9)).toBe(false)
  })
})
