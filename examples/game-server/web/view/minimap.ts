import type { Camera } from './camera.ts'
import type { Scene } from './scene.ts'

const MARGIN = 16
const MIN_SCREEN_WIDTH = 720
const MIN_SCREEN_HEIGHT = 480

/** The whole arena in a corner, where the screen has room for it. Drawn in CSS pixels. */
export function drawMinimap(context: CanvasRenderingContext2D, camera: Camera, scene: Scene): void {
  if (camera.width < MIN_SCREEN_WIDTH || camera.height < MIN_SCREEN_HEIGHT) return
  const radius = Math.min(camera.width, camera.height) * 0.085
  const centerX = MARGIN + radius
  const centerY = camera.height - MARGIN - radius
  const scale = radius / scene.arenaRadius

  context.fillStyle = 'rgb(8 12 30 / 0.72)'
  context.strokeStyle = 'rgb(110 150 255 / 0.5)'
  context.lineWidth = 1.5
  context.beginPath()
  context.arc(centerX, centerY, radius, 0, 2 * Math.PI)
  context.fill()
  context.stroke()

  context.save()
  context.clip()
  context.fillStyle = 'rgb(255 95 162 / 0.45)'
  for (const bumper of scene.bumpers) {
    dot(context, centerX + bumper.x * scale, centerY + bumper.y * scale, bumper.radius * scale)
  }
  for (const player of scene.players) {
    context.fillStyle = player.isMe ? '#ffffff' : `hsl(${player.hue} 95% 65%)`
    const size = player.isMe ? 4 : 2.6
    dot(context, centerX + player.x * scale, centerY + player.y * scale, size)
  }
  const viewWidth = (camera.width / camera.scale) * scale
  const viewHeight = (camera.height / camera.scale) * scale
  context.strokeStyle = 'rgb(255 255 255 / 0.22)'
  context.lineWidth = 1
  context.strokeRect(
    centerX + camera.x * scale - viewWidth / 2,
    centerY + camera.y * scale - viewHeight / 2,
    viewWidth,
    viewHeight,
  )
  context.restore()
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}
