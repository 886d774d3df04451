import type { MatchHandler } from '../room/match-handler.ts'

export interface RecordingMatch extends MatchHandler {
  /** One line per callback, e.g. `join 1`, `loop 3`, `leave 1 kicked`; oldest first. */
  readonly calls: string[]
}

/** A match handler that notes every call and then does what `game` says, or nothing in particular. */
export function recordingMatch(game: Partial<MatchHandler> = {}): RecordingMatch {
  const calls: string[] = []
  return {
    calls,
    version: game.version ?? 'v1',
    canUpgrade: game.canUpgrade ?? false,
    ...(game.usage === undefined ? {} : { usage: game.usage }),
    ...(game.receive === undefined ? {} : { receive: game.receive }),
    init(params) {
      calls.push('init')
      return (
        game.init?.(params) ?? { tickHz: 10, label: 'test', maxPlayers: undefined, emptyTimeoutMs: undefined }
      )
    },
    joinAttempt(member, details) {
      calls.push(`attempt ${member.member}`)
      return game.joinAttempt?.(member, details)
    },
    join(member) {
      calls.push(`join ${member.member}`)
      game.join?.(member)
    },
    leave(departed) {
      calls.push(`leave ${departed.member} ${departed.reason}`)
      game.leave?.(departed)
    },
    loop(info, inputs) {
      calls.push(`loop ${info.tick}`)
      return game.loop?.(info, inputs) ?? true
    },
    signal(data) {
      calls.push(`signal ${String(data)}`)
      return game.signal?.(data)
    },
    terminate(graceSeconds) {
      calls.push(`terminate ${graceSeconds}`)
      return game.terminate?.(graceSeconds) ?? false
    },
    exportState() {
      calls.push('export')
      return game.exportState?.() ?? { state: undefined, presences: undefined }
    },
    upgrade(from) {
      calls.push(`upgrade from ${from.version} with ${from.members.length}`)
      game.upgrade?.(from)
    },
    close() {
      calls.push('close')
      game.close?.()
    },
  }
}
