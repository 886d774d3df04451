import { describe, expect, it } from 'vitest'
import { isClientOp, Op, opName } from './opcodes.ts'

describe('operation codes', () => {
  it('keep the ten of the first design for ever', () => {
    expect(Op).toMatchObject({
      SessionStart: 0x01,
      SessionEnd: 0x02,
      Heartbeat: 0x03,
      RoomCreate: 0x10,
      RoomJoin: 0x11,
      RoomLeave: 0x12,
      RoomData: 0x13,
      RoomState: 0x14,
      Rpc: 0x20,
      RpcResponse: 0x21,
    })
  })

  it('are unique, and share the high nibble with their family', () => {
    const codes = Object.values(Op)
    expect(new Set(codes).size).toBe(codes.length)
    for (const [name, code] of Object.entries(Op)) {
      const family = name.startsWith('Room')
        ? 1
        : name.startsWith('Rpc')
          ? 2
          : /^(Matchmaker|Party)/.test(name)
            ? 3
            : 0
      expect(code >> 4, name).toBe(family)
    }
  })

  it('have names, and other codes have none', () => {
    const named = Array.from({ length: 256 }, (_, code) => opName(code)).filter((name) => name !== undefined)
    expect(named.sort()).toEqual(Object.keys(Op).sort())
    expect(opName(Op.RoomData)).toBe('RoomData')
    expect(opName(256)).toBeUndefined()
  })

  it('tell what a client may send', () => {
    const refused = Object.entries(Op).filter(([, code]) => !isClientOp(code))
    expect(refused.map(([name]) => name)).toEqual([
      'Error',
      'RoomState',
      'RoomPresence',
      'RpcResponse',
      'MatchmakerTicket',
    ])
    expect(isClientOp(0x7f)).toBe(false)
  })
})
