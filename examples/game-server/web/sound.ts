import type { TextStorage } from './storage.ts'

const STORAGE_KEY = 'arena.isMuted'

interface Tone {
  readonly wave: OscillatorType
  readonly fromHz: number
  readonly toHz: number
  readonly seconds: number
  readonly volume: number
}

const TONES = {
  pickup: { wave: 'sine', fromHz: 620, toHz: 1040, seconds: 0.09, volume: 0.05 },
  rich: { wave: 'triangle', fromHz: 660, toHz: 1560, seconds: 0.22, volume: 0.08 },
  dash: { wave: 'sawtooth', fromHz: 340, toHz: 90, seconds: 0.16, volume: 0.035 },
  bump: { wave: 'sine', fromHz: 190, toHz: 70, seconds: 0.14, volume: 0.14 },
  hit: { wave: 'square', fromHz: 260, toHz: 60, seconds: 0.24, volume: 0.06 },
} as const satisfies Record<string, Tone>

export type SoundName = keyof typeof TONES

/** Small synthesised sounds. Silent until {@link unlock} is called from a click or a key, as browsers demand. */
export class Sound {
  readonly #storage: TextStorage
  #context: AudioContext | undefined
  #isMuted: boolean

  constructor(storage: TextStorage) {
    this.#storage = storage
    this.#isMuted = storage.getItem(STORAGE_KEY) === 'true'
  }

  get isMuted(): boolean {
    return this.#isMuted
  }

  toggle(): void {
    this.#isMuted = !this.#isMuted
    this.#storage.setItem(STORAGE_KEY, String(this.#isMuted))
  }

  unlock(): void {
    this.#context ??= new AudioContext()
  }

  play(name: SoundName): void {
    const context = this.#context
    // A context that may not run yet would save its sounds up and play them all at once.
    if (context === undefined || this.#isMuted || context.state !== 'running') return
    const tone: Tone = TONES[name]
    const end = context.currentTime + tone.seconds
    const oscillator = new OscillatorNode(context, { type: tone.wave, frequency: tone.fromHz })
    const volume = new GainNode(context, { gain: tone.volume })
    oscillator.frequency.exponentialRampToValueAtTime(tone.toHz, end)
    volume.gain.exponentialRampToValueAtTime(0.0001, end)
    oscillator.connect(volume).connect(context.destination)
    oscillator.start()
    oscillator.stop(end)
  }
}
