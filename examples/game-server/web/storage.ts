/** What the page remembers between visits. */
export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>

/** The browser's storage; where the visitor forbids it, one that forgets when the page is closed. */
export function openStorage(): TextStorage {
  try {
    return localStorage
  } catch {
    const values = new Map<string, string>()
    return {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => {
        values.set(key, value)
      },
    }
  }
}
