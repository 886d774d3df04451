import { Controls } from './controls/controls.ts'
import { exposeDebugState } from './debug-state.ts'
import { EventEffects } from './event-effects.ts'
import { Game } from './game.ts'
import { elementById } from './hud/element.ts'
import { Hud } from './hud/hud.ts'
import { StartScreen } from './hud/start-screen.ts'
import { Sound } from './sound.ts'
import { openStorage } from './storage.ts'
import { Renderer } from './view/renderer.ts'

/** Browsers allow a hidden page no more than this. */
const HIDDEN_FRAME_MS = 1000

/** `?name=` fills the form in, `?autostart=1` sends it, `?server=` plays on another server than the page's own. */
const query = new URLSearchParams(location.search)

const canvas = elementById('arena', HTMLCanvasElement)
const soundButton = elementById('sound', HTMLButtonElement)
const storage = openStorage()
const sound = new Sound(storage)
const renderer = new Renderer(canvas, Math.random)
const hud = new Hud()
const startScreen = new StartScreen(storage, query.get('name') ?? undefined, Math.random)
const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
const effects = new EventEffects(renderer, sound, hud.toasts, isCalm)
const controls = new Controls(
  {
    surface: canvas,
    joystick: elementById('joystick', HTMLElement),
    dashButton: elementById('dash', HTMLElement),
  },
  () => game.isPlaying,
  () => performance.now(),
)
const game = new Game(query.get('server') ?? location.origin, {
  renderer,
  controls,
  effects,
  hud,
  startScreen,
})

function showSound(): void {
  soundButton.setAttribute('aria-pressed', String(!sound.isMuted))
}

soundButton.addEventListener('click', () => {
  sound.toggle()
  showSound()
  soundButton.blur()
})
showSound()

startScreen.onSubmit((choice) => {
  // Never rejects: what goes wrong is shown on the start screen.
  void game.play(choice)
})
// Browsers allow sound only after the visitor has done something.
for (const gesture of ['pointerdown', 'keydown'] as const) {
  window.addEventListener(gesture, () => sound.unlock(), { once: true })
}
window.addEventListener('keydown', (event) => {
  if (event.code === 'Escape') void game.leave()
})
document.addEventListener('visibilitychange', () => {
  if (document.hidden) controls.release()
})
exposeDebugState(() => game.debugState())

function frame(nowMs: number): void {
  game.frame(nowMs)
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)
// A page out of sight gets no frames, but must tell the server to stand still and go on reading what it hears.
setInterval(() => {
  if (document.hidden) game.frame(performance.now())
}, HIDDEN_FRAME_MS)

startScreen.show()
if (query.get('autostart') === '1') startScreen.submit()
