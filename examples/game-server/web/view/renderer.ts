import { Camera } from './camera.ts'
import { Effects } from './effects.ts'
import { Floor } from './floor.ts'
import { drawMinimap } from './minimap.ts'
import { drawOrbs } from './orb-view.ts'
import { PlayerPainter } from './player-painter.ts'
import type { Scene } from './scene.ts'
import { Sprites } from './sprites.ts'

/** More pixels than this cost time on phones and are not seen. */
const MAX_PIXEL_RATIO = 2

/** Draws scenes onto the canvas, which it keeps as large as its place on the page. */
export class Renderer {
  readonly camera = new Camera()
  readonly effects: Effects
  readonly floor: Floor
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #sprites = new Sprites()
  readonly #players = new PlayerPainter(this.#sprites)
  #pixelRatio = 1

  constructor(canvas: HTMLCanvasElement, random: () => number) {
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('this browser has no 2D canvas')
    this.#canvas = canvas
    this.#context = context
    this.effects = new Effects(this.#sprites, random)
    this.floor = new Floor(this.#sprites, random)
  }

  draw(scene: Scene, elapsedMs: number, options: { readonly hasMinimap: boolean }): void {
    this.#fit()
    const context = this.#context
    this.#inPixels()
    this.floor.drawSky(context, this.camera, scene.nowMs)

    this.camera.apply(context, this.#pixelRatio, scene.nowMs)
    this.floor.drawArena(context, this.camera, scene)
    drawOrbs(context, this.camera, scene, this.#sprites)
    this.effects.update(scene.nowMs, elapsedMs)
    this.effects.drawBelow(context, scene.nowMs)
    this.#players.draw(context, this.camera, scene, elapsedMs)
    this.effects.drawAbove(context, this.camera, scene.nowMs)

    this.#inPixels()
    if (options.hasMinimap) drawMinimap(context, this.camera, scene)
  }

  #inPixels(): void {
    this.#context.setTransform(this.#pixelRatio, 0, 0, this.#pixelRatio, 0, 0)
  }

  #fit(): void {
    const ratio = Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO)
    const width = this.#canvas.clientWidth
    const height = this.#canvas.clientHeight
    const isFitting =
      this.#canvas.width === Math.round(width * ratio) && this.#canvas.height === Math.round(height * ratio)
    if (isFitting && ratio === this.#pixelRatio) return
    this.#pixelRatio = ratio
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.camera.resize(width, height)
  }
}
