import type { TextStorage } from '../storage.ts'
import { elementById } from './element.ts'

const NAME_KEY = 'arena.name'
const HUE_KEY = 'arena.hue'
const HUES = [190, 158, 96, 46, 22, 350, 316, 268] as const

export interface PlayerChoice {
  readonly name: string
  /** Degrees on the colour wheel. */
  readonly hue: number
}

/** Asks for a name and a colour, and remembers them for the next visit. */
export class StartScreen {
  readonly #root = elementById('start', HTMLElement)
  readonly #form = elementById('start-form', HTMLFormElement)
  readonly #name = elementById('name', HTMLInputElement)
  readonly #play = elementById('play', HTMLButtonElement)
  readonly #message = elementById('start-message', HTMLElement)
  readonly #storage: TextStorage

  /** @param suggestedName wins over the remembered one */
  constructor(storage: TextStorage, suggestedName: string | undefined, random: () => number) {
    this.#storage = storage
    this.#name.value = suggestedName ?? storage.getItem(NAME_KEY) ?? ''
    const remembered = Number(storage.getItem(HUE_KEY) ?? Number.NaN)
    const any = HUES[Math.floor(random() * HUES.length)]
    this.#createSwatches(HUES.find((hue) => hue === remembered) ?? any ?? HUES[0])
  }

  onSubmit(listener: (choice: PlayerChoice) => void): void {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      listener(this.#choice())
    })
  }

  /** As if the form had been sent. */
  submit(): void {
    this.#form.requestSubmit()
  }

  /** @param message what went wrong, when something did */
  show(message = ''): void {
    this.#root.hidden = false
    this.#message.textContent = message
    this.setBusy(false)
    this.#name.focus({ preventScroll: true })
  }

  hide(): void {
    this.#root.hidden = true
    // Otherwise the keys of the game would still go to the form.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  }

  setBusy(isBusy: boolean): void {
    this.#play.disabled = isBusy
    this.#play.textContent = isBusy ? 'Joining…' : 'Play'
  }

  #choice(): PlayerChoice {
    const name = this.#name.value.trim()
    const hue = Number(new FormData(this.#form).get('hue'))
    this.#storage.setItem(NAME_KEY, name)
    this.#storage.setItem(HUE_KEY, String(hue))
    return { name, hue }
  }

  #createSwatches(selected: number): void {
    const swatches = HUES.map((hue) => {
      const label = document.createElement('label')
      label.style.setProperty('--hue', String(hue))
      const radio = document.createElement('input')
      radio.type = 'radio'
      radio.name = 'hue'
      radio.value = String(hue)
      radio.checked = hue === selected
      radio.setAttribute('aria-label', `Colour ${hue}`)
      label.append(radio)
      return label
    })
    elementById('hues', HTMLElement).append(...swatches)
  }
}
