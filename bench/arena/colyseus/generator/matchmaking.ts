const ANSWER_TIMEOUT_MS = 30_000

/** A seat that the server holds for some seconds. */
export interface Seat {
  readonly roomId: string
  readonly processId: string
  readonly sessionId: string
}

/** Makes a room, and has a seat in it. @throws Error when the server refuses */
export function createRoom(port: number): Promise<Seat> {
  return askForSeat(port, 'create/arena')
}

/** @throws Error when the server refuses */
export function seatIn(port: number, roomId: string): Promise<Seat> {
  return askForSeat(port, `joinById/${roomId}`)
}

async function askForSeat(port: number, method: string): Promise<Seat> {
  const response = await fetch(`http://127.0.0.1:${port}/matchmake/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  })
  const answer: unknown = await response.json()
  if (!response.ok || !isSeat(answer)) {
    throw new Error(`matchmake/${method} answered ${response.status}: ${JSON.stringify(answer)}`)
  }
  return answer
}

function isSeat(answer: unknown): answer is Seat {
  const { roomId, processId, sessionId } = (answer ?? {}) as Partial<Record<keyof Seat, unknown>>
  return [roomId, processId, sessionId].every((part) => typeof part === 'string')
}
