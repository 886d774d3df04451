const GLOW_PIXELS = 128
const BODY_PIXELS = 160
const HUE_STEP = 5

/** Pictures that are painted once and then only copied: gradients and blurs are slow to paint each frame. */
export class Sprites {
  readonly #glows = new Map<number, HTMLCanvasElement>()
  readonly #bodies = new Map<number, HTMLCanvasElement>()

  /** A soft round light. */
  glow(hue: number): HTMLCanvasElement {
    return cached(this.#glows, hue, paintGlow)
  }

  /** A player's body without its face; the body fills the picture from edge to edge. */
  body(hue: number): HTMLCanvasElement {
    return cached(this.#bodies, hue, paintBody)
  }
}

function cached(
  sprites: Map<number, HTMLCanvasElement>,
  hue: number,
  paint: (hue: number) => HTMLCanvasElement,
): HTMLCanvasElement {
  const key = (Math.round(hue / HUE_STEP) * HUE_STEP) % 360
  let sprite = sprites.get(key)
  if (sprite === undefined) {
    sprite = paint(key)
    sprites.set(key, sprite)
  }
  return sprite
}

function createSurface(pixels: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement('canvas')
  canvas.width = pixels
  canvas.height = pixels
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser has no 2D canvas')
  return [canvas, context]
}

function paintGlow(hue: number): HTMLCanvasElement {
  const [canvas, context] = createSurface(GLOW_PIXELS)
  const middle = GLOW_PIXELS / 2
  const light = context.createRadialGradient(middle, middle, 0, middle, middle, middle)
  light.addColorStop(0, `hsl(${hue} 100% 70% / 0.9)`)
  light.addColorStop(0.25, `hsl(${hue} 100% 62% / 0.42)`)
  light.addColorStop(0.6, `hsl(${hue} 100% 55% / 0.1)`)
  light.addColorStop(1, `hsl(${hue} 100% 50% / 0)`)
  context.fillStyle = light
  context.fillRect(0, 0, GLOW_PIXELS, GLOW_PIXELS)
  return canvas
}

function paintBody(hue: number): HTMLCanvasElement {
  const [canvas, context] = createSurface(BODY_PIXELS)
  const middle = BODY_PIXELS / 2
  const rim = BODY_PIXELS * 0.035
  const fill = context.createRadialGradient(middle * 0.72, middle * 0.62, 0, middle, middle, middle)
  fill.addColorStop(0, `hsl(${hue} 100% 80%)`)
  fill.addColorStop(0.45, `hsl(${hue} 92% 62%)`)
  fill.addColorStop(1, `hsl(${hue + 14} 85% 42%)`)
  context.fillStyle = fill
  context.beginPath()
  context.arc(middle, middle, middle - rim, 0, 2 * Math.PI)
  context.fill()
  context.strokeStyle = `hsl(${hue} 100% 86%)`
  context.lineWidth = rim
  context.beginPath()
  context.arc(middle, middle, middle - rim, 0, 2 * Math.PI)
  context.stroke()
  context.fillStyle = 'rgb(255 255 255 / 0.35)'
  context.beginPath()
  context.ellipse(middle * 0.66, middle * 0.46, middle * 0.26, middle * 0.14, -0.6, 0, 2 * Math.PI)
  context.fill()
  return canvas
}
