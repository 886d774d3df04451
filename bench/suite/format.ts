const MEBIBYTE = 1_048_576

/** Three digits that matter: `0.42`, `3.5`, `12`, `1,234`; `–` when there is no figure. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 99.5) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 9.95 ? 1 : 2)
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : '–'
}

export function mebibytes(bytes: number): string {
  return figure(bytes / MEBIBYTE)
}

/** A figure that would not be the server's is not given. */
export function unless(isGeneratorLimit: boolean, text: string): string {
  return isGeneratorLimit ? '–' : text
}

/** What an error says, in a line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
