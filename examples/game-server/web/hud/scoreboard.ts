import type { PlayerProfile } from '../messages.ts'

const SHOWN = 8

/** The best players, and the own one wherever it stands. */
export class Scoreboard {
  readonly #list: HTMLElement
  #shown = ''

  constructor(list: HTMLElement) {
    this.#list = list
  }

  /** @param standings the best first */
  show(standings: readonly PlayerProfile[], me: number): void {
    const rows = standings.map((player, index) => ({ ...player, rank: index + 1 }))
    const own = rows.find((row) => row.slot === me)
    const visible = rows.slice(0, SHOWN)
    if (own !== undefined && own.rank > SHOWN) visible[SHOWN - 1] = own

    // Most calls change nothing: the page is touched only when it would look different.
    const content = visible.map((row) => `${row.rank}|${row.slot}|${row.name}|${row.score}`).join('\n')
    if (content === this.#shown) return
    this.#shown = content
    this.#list.replaceChildren(...visible.map((row) => createRow(row, row.slot === me)))
  }
}

function createRow(row: PlayerProfile & { readonly rank: number }, isMe: boolean): HTMLElement {
  const item = document.createElement('li')
  if (isMe) item.className = 'me'
  const swatch = document.createElement('i')
  swatch.style.background = `hsl(${row.hue} 92% 62%)`
  item.append(createSpan('rank', String(row.rank)), swatch, createSpan('name', row.name))
  item.append(createSpan('score', String(row.score)))
  return item
}

function createSpan(className: string, text: string): HTMLElement {
  const span = document.createElement('span')
  span.className = className
  span.textContent = text
  return span
}
