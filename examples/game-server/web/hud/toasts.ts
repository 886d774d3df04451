const SHOWN_MS = 2600
const MAX_SHOWN = 3

/** Short notices that go away by themselves. */
export class Toasts {
  readonly #container: HTMLElement

  /** @param container a live region, so that notices are read aloud */
  constructor(container: HTMLElement) {
    this.#container = container
  }

  show(text: string, hue?: number): void {
    const toast = document.createElement('div')
    toast.className = 'toast'
    toast.textContent = text
    if (hue !== undefined) toast.style.setProperty('--hue', String(hue))
    this.#container.append(toast)
    while (this.#container.children.length > MAX_SHOWN) this.#container.firstElementChild?.remove()
    setTimeout(() => toast.remove(), SHOWN_MS)
  }

  clear(): void {
    this.#container.replaceChildren()
  }
}
