/** About this many square units are visible, on a phone as on a wide screen, so that nobody sees much more. */
const VISIBLE_AREA = 880_000
/** How far from the rim the view's middle stays, as a share of the smaller side of the screen. */
const RIM_SHARE = 0.3
const FOLLOW_HALF_LIFE_MS = 70
const SHAKE_HALF_LIFE_MS = 90

/** Where the view is, and how units become CSS pixels. */
export class Camera {
  x = 0
  y = 0
  /** CSS pixels. */
  width = 1
  height = 1
  /** CSS pixels for each unit. */
  scale = 1
  #zoom = 1
  #shake = 0

  resize(width: number, height: number): void {
    this.width = width
    this.height = height
    this.#updateScale()
  }

  /** 1 is normal; smaller shows more. */
  setZoom(zoom: number): void {
    this.#zoom = zoom
    this.#updateScale()
  }

  jumpTo(x: number, y: number): void {
    this.x = x
    this.y = y
  }

  /**
   * Moves towards a point. Near the rim of the arena it stays behind, so that the screen is not half filled with the
   * night outside.
   */
  follow(x: number, y: number, arenaRadius: number, elapsedMs: number): void {
    const distance = Math.hypot(x, y)
    const allowed = arenaRadius - RIM_SHARE * (Math.min(this.width, this.height) / this.scale)
    const pull = Math.min(1, Math.max(allowed, 0) / Math.max(distance, 1))
    const share = 1 - 0.5 ** (elapsedMs / FOLLOW_HALF_LIFE_MS)
    this.x += (x * pull - this.x) * share
    this.y += (y * pull - this.y) * share
    this.#shake *= 0.5 ** (elapsedMs / SHAKE_HALF_LIFE_MS)
  }

  /** @param strength in CSS pixels; shakes do not add up */
  shake(strength: number): void {
    this.#shake = Math.max(this.#shake, strength)
  }

  /** Makes the canvas draw in units, seen from here. */
  apply(context: CanvasRenderingContext2D, pixelRatio: number, nowMs: number): void {
    const shakeX = Math.sin(nowMs * 0.09) * this.#shake
    const shakeY = Math.cos(nowMs * 0.11) * this.#shake
    const scale = this.scale * pixelRatio
    context.setTransform(
      scale,
      0,
      0,
      scale,
      (this.width / 2 + shakeX) * pixelRatio - this.x * scale,
      (this.height / 2 + shakeY) * pixelRatio - this.y * scale,
    )
  }

  /** Whether a circle touches the visible part of the world. */
  sees(x: number, y: number, radius: number): boolean {
    return (
      Math.abs(x - this.x) * this.scale < this.width / 2 + radius * this.scale &&
      Math.abs(y - this.y) * this.scale < this.height / 2 + radius * this.scale
    )
  }

  #updateScale(): void {
    this.scale = Math.sqrt((this.width * this.height) / VISIBLE_AREA) * this.#zoom
  }
}
