/** A field's name elsewhere ↔ its name in TypeScript, of the top level of hook messages. */
const FIELDS = [
  ['user_id', 'userId'],
  ['is_authenticated', 'isAuthenticated'],
  ['latency_ms', 'latencyMs'],
  ['room_id', 'roomId'],
  ['has_seat', 'hasSeat'],
  ['reliable', 'isReliable'],
] as const

const toTypeScript: ReadonlyMap<string, string> = new Map(FIELDS)
const fromTypeScript: ReadonlyMap<string, string> = new Map(FIELDS.map(([wire, name]) => [name, wire]))

/** A hook's message as the module sees it: a copy that it may change. */
export function moduleMessage(message: unknown): Record<string, unknown> {
  return renamed(message as object, toTypeScript)
}

/** A module's message as the router checks it. Fields that are undefined are left out, as if they were not there. */
export function routerMessage(message: object): Record<string, unknown> {
  return renamed(message, fromTypeScript)
}

function renamed(message: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const fields = Object.entries(message).filter(([, value]) => value !== undefined)
  return Object.fromEntries(fields.map(([name, value]) => [names.get(name) ?? name, value]))
}
