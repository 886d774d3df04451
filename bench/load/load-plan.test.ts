import { describe, expect, it } from 'vitest'
import { interleave } from './load-plan.ts'

describe('interleave', () => {
  it('gives every room its share of each kind of connection', () => {
    const kinds = interleave([
      { link: 'rudp', bots: 80 },
      { link: 'websocket', bots: 20 },
    ])
    for (let room = 0; room < 10; room += 1) {
      const members = kinds.slice(room * 10, room * 10 + 10)
      expect(members.filter((kind) => kind === 'websocket')).toHaveLength(2)
    }
  })

  it('needs no second crowd', () => {
    expect(interleave([{ link: 'rudp', bots: 3 }])).toEqual(['rudp', 'rudp', 'rudp'])
  })
})
