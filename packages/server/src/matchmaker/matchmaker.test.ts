import { describe, expect, it } from 'vitest'
import { matchmakerWorld, ticket } from '../testing/matchmaker-world.ts'

const four = { min: 4, max: 4 }

describe('a match', () => {
  it('is made at the next pass after it is possible', () => {
    const { add, pass, clock, matches, matchmaker } = matchmakerWorld()
    add(ticket('a'))
    pass(3)
    expect(matches).toEqual([])
    add(ticket('b'))
    clock.advance(999)
    expect(matches).toEqual([])
    clock.advance(1)
    expect(matches).toEqual([['a', 'b']])
    expect(matchmaker.size).toBe(0)
  })

  it('is only among tickets of one module', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('a'), ticket('b', { module: 'arena' }), ticket('c'))
    pass()
    expect(matches).toEqual([['a', 'c']])
  })

  it('has the oldest ticket, and of those that are equally good the ones that have waited longest', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('a'), ticket('b'), ticket('c'), ticket('d'), ticket('e'))
    pass()
    expect(matches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('prefers those with the highest score of both sides together', () => {
    const { add, pass, matches } = matchmakerWorld()
    const like = (mode: string) => `+* properties.mode:${mode}^2`
    add(
      ticket('a', { query: like('red'), properties: { mode: 'blue' } }),
      ticket('b', { query: like('none'), properties: { mode: 'red' } }),
      ticket('c', { query: like('blue'), properties: { mode: 'red' } }),
    )
    pass()
    expect(matches).toEqual([['a', 'c']])
  })

  it('needs everybody to accept everybody', () => {
    const { add, pass, matches } = matchmakerWorld()
    const three = { min: 3, max: 3 }
    add(ticket('a', three), ticket('new', { ...three, properties: { is: 'new' } }))
    add(ticket('b', { ...three, query: '-properties.is:new' }))
    pass(60)
    expect(matches).toEqual([])
    add(ticket('c', three))
    pass()
    expect(matches).toEqual([['a', 'new', 'c']])
  })

  it('needs only the oldest to accept the others when acceptance is not mutual', () => {
    const { add, pass, matches } = matchmakerWorld({ isMutual: false })
    const three = { min: 3, max: 3 }
    add(
      ticket('a', { ...three, query: 'properties.rank:gold' }),
      ticket('b', { ...three, query: '+properties.rank:none', properties: { rank: 'gold' } }),
      ticket('c', { ...three, query: '+properties.rank:none', properties: { rank: 'gold' } }),
      ticket('d', three),
    )
    pass()
    expect(matches).toEqual([['a', 'b', 'c']])
  })

  it('is made around a younger ticket when the oldest accepts nobody and acceptance is not mutual', () => {
    const { add, pass, matches } = matchmakerWorld({ isMutual: false })
    add(ticket('a', { query: '+properties.no:one' }), ticket('b'))
    pass()
    expect(matches).toEqual([['b', 'a']])
  })

  it('keeps parties whole, and packs them where going by age alone would fail', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('one', four), ticket('two', { ...four, size: 2 }), ticket('three', { ...four, size: 3 }))
    pass()
    expect(matches).toEqual([['one', 'three']])
  })

  it('may be one ticket alone, when its party is large enough', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('party', { ...four, size: 4 }), ticket('one', { min: 1, max: 1 }))
    pass()
    expect(matches).toEqual([['party'], ['one']])
  })

  it('is found among parties of one size by the one that makes it whole, however many they are', () => {
    const { add, pass, matches, matchmaker } = matchmakerWorld()
    const ten = { min: 10, max: 10 }
    for (let n = 0; n < 300; n++) add(ticket(`threes ${n}`, { ...ten, size: 3 }))
    pass(2)
    expect(matches).toEqual([])
    add(ticket('solo', ten))
    pass()
    expect(matches).toEqual([['threes 0', 'threes 1', 'threes 2', 'solo']])
    expect(matchmaker.counts.cutShort).toBe(0)
  })
})

describe('a smaller match', () => {
  const casual = { min: 2, max: 8, multiple: 2 }

  it('is made once the oldest of it has waited long enough, as large as it can be', () => {
    const { add, pass, clock, matches } = matchmakerWorld()
    add(...['a', 'b', 'c', 'd', 'e'].map((id) => ticket(id, casual)))
    pass(9)
    expect(matches).toEqual([])
    clock.advance(1_000)
    expect(matches).toEqual([['a', 'b', 'c', 'd']])
  })

  it('is not made while it could be full', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => ticket(id, casual)))
    pass(5)
    add(ticket('h', casual))
    pass()
    expect(matches).toEqual([['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']])
  })

  it('is at once full when one of it allows no more', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('a', casual), ticket('b', { ...casual, max: 2 }))
    pass()
    expect(matches).toEqual([['a', 'b']])
  })

  it('takes a newcomer in at the next pass', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(ticket('a', casual))
    pass(20)
    add(ticket('b', casual))
    pass()
    expect(matches).toEqual([['a', 'b']])
  })
})

describe('the stages of a ticket', () => {
  const skill = (id: string, own: number) =>
    ticket(id, {
      properties: { skill: own },
      stages: [
        { afterMs: 0, query: `+properties.skill:[${own - 10} TO ${own + 10}]` },
        { afterMs: 5_000, query: `+properties.skill:[${own - 100} TO ${own + 100}]` },
        { afterMs: 15_000, query: '' },
      ],
    })

  it('widen what it accepts, and both sides count', () => {
    const { add, pass, matches } = matchmakerWorld()
    add(skill('a', 1_000))
    pass(3)
    add(skill('b', 1_050))
    pass(4)
    expect(matches).toEqual([])
    pass()
    expect(matches).toEqual([['a', 'b']])
  })

  it('may also become narrower', () => {
    const { add, pass, matches } = matchmakerWorld()
    const three = { min: 3, max: 3 }
    add(
      ticket('a', {
        ...three,
        stages: [
          { afterMs: 0, query: '' },
          { afterMs: 2_000, query: '-properties.is:new' },
        ],
      }),
      ticket('b', { ...three, properties: { is: 'new' } }),
    )
    pass(2)
    add(ticket('c', three))
    pass()
    expect(matches).toEqual([])
    add(ticket('d', three))
    pass()
    expect(matches).toEqual([['a', 'c', 'd']])
  })

  it('begin while the ticket is still being compared with the others, too', () => {
    const { add, pass, clock, matches } = matchmakerWorld({ stepsPerTurn: 1 })
    add(skill('a', 1_000), skill('b', 1_050))
    // Nothing of what is deferred has run when the stages are due.
    clock.stall(5_000)
    pass()
    expect(matches).toEqual([['a', 'b']])
  })
})

describe('a ticket', () => {
  it('ends when it has waited as long as it may', () => {
    const { add, pass, matches, expired, matchmaker } = matchmakerWorld({ ticketMaxMs: 3_000 })
    add(ticket('a'))
    pass(2)
    expect(expired).toEqual([])
    pass()
    expect(expired).toEqual(['a'])
    expect(matchmaker.has('a')).toBe(false)
    add(ticket('b'))
    pass()
    expect(matches).toEqual([])
  })

  it('is in no match once it is removed', () => {
    const { add, pass, matches, matchmaker } = matchmakerWorld()
    add(ticket('a'), ticket('b'), ticket('c'))
    expect(matchmaker.remove('b')).toBe(true)
    expect(matchmaker.remove('b')).toBe(false)
    pass()
    expect(matches).toEqual([['a', 'c']])
  })

  it('may be removed while it is compared with the others', () => {
    const { add, pass, clock, matches, matchmaker } = matchmakerWorld({ stepsPerTurn: 1 })
    add(ticket('a'), ticket('b'), ticket('c'))
    for (let turn = 0; turn < 3; turn++) clock.turnOnce()
    matchmaker.remove('b')
    pass()
    expect(matches).toEqual([['a', 'c']])
  })

  it('may come and go while a match is told', () => {
    const { add, pass, matches } = matchmakerWorld({}, (ids, matchmaker) => {
      matchmaker.remove('c')
      matchmaker.add(ticket(`after ${ids.join()}`))
    })
    add(ticket('a'), ticket('b'), ticket('c'), ticket('d'))
    pass()
    expect(matches).toEqual([['a', 'b']])
    pass()
    expect(matches).toEqual([
      ['a', 'b'],
      ['d', 'after a,b'],
    ])
  })

  it('is refused when its id waits already', () => {
    const { add } = matchmakerWorld()
    add(ticket('a'))
    expect(() => add(ticket('a'))).toThrow('ticket a waits already')
  })

  it('is not there when it was refused', () => {
    const { add, clock, matchmaker } = matchmakerWorld()
    expect(() => add(ticket('a', { query: 'label.a:1' }))).toThrow(
      'query: character 1: expected a field: properties.…, party_size, got "label.a:1"',
    )
    expect(() => add(ticket('a', { min: 3 }))).toThrow('max: expected at least min, which is 3, got 2')
    expect(matchmaker.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('the matchmaker', () => {
  it('has a timer only while tickets wait', () => {
    const { add, pass, clock, matchmaker } = matchmakerWorld()
    expect(clock.pendingTimers).toBe(0)
    add(ticket('a'), ticket('b'))
    expect(clock.pendingTimers).toBe(1)
    pass()
    expect(clock.pendingTimers).toBe(0)
    add(ticket('c'))
    matchmaker.remove('c')
    expect(clock.pendingTimers).toBe(0)
  })

  it('leaves no timer when it is closed, and does nothing more', () => {
    const { add, pass, clock, matchmaker, matches } = matchmakerWorld()
    add(ticket('a'), ticket('b'))
    matchmaker.close()
    matchmaker.close()
    pass(2)
    expect(clock.pendingTimers).toBe(0)
    expect(clock.turnOnce()).toBe(false)
    expect(matches).toEqual([])
    expect(() => add(ticket('c'))).toThrow('the matchmaker is closed')
  })

  it('asks nothing while tickets wait for which there is no match', () => {
    const { add, pass, clock, matchmaker } = matchmakerWorld({ ticketMaxMs: 1_000_000 })
    const count = 4_096
    for (let n = 0; n < count; n++) {
      add(ticket(`${n}`, { properties: { key: n }, query: `+properties.key:${n + count}` }))
    }
    pass(11)
    const { asked, searches } = matchmaker.counts
    // Each pair once, and the second of it only where the first accepts.
    expect(asked).toBe((count * (count - 1)) / 2)
    expect(searches).toBeLessThanOrEqual(2 * count)
    pass(500)
    expect(matchmaker.counts).toEqual({ asked, searches, cutShort: 0 })
    expect(clock.turnOnce()).toBe(false)
    expect(matchmaker.size).toBe(count)
  })

  it('spreads its work over turns of the event loop, and other work goes on in between', () => {
    const { add, clock, matchmaker } = matchmakerWorld({ stepsPerTurn: 100 })
    for (let n = 0; n < 200; n++) add(ticket(`${n}`, { query: '+properties.no:one' }))
    let turns = 0
    let before = 0
    while (clock.turnOnce()) {
      turns++
      const { asked } = matchmaker.counts
      expect(asked - before).toBeLessThanOrEqual(100)
      before = asked
    }
    expect(before).toBe((200 * 199) / 2)
    expect(turns).toBeGreaterThan(200)
  })

  it('searches less and less often around a ticket whose searches end at their bound', () => {
    const { add, pass, matchmaker, matches } = matchmakerWorld({ ticketMaxMs: 1_000_000 })
    // Everybody refuses its own colour, and there are too few colours for a match.
    const colourful = (id: string, colour: number) =>
      ticket(id, { min: 7, max: 7, properties: { colour }, query: `-properties.colour:${colour}` })
    for (let n = 0; n < 60; n++) add(colourful(`${n}`, n % 6))
    pass()
    const { cutShort } = matchmaker.counts
    expect(cutShort).toBeGreaterThan(0)
    for (let n = 0; n < 200; n++) {
      add(colourful(`late ${n}`, n % 6))
      pass()
      matchmaker.remove(`late ${n}`)
    }
    // Every pass has changed the links of nearly all of them.
    expect(matchmaker.counts.cutShort).toBeLessThan(60 * (200 / 16 + 8) + 200)
    add(colourful('the missing one', 6))
    pass(20)
    expect(matches).toHaveLength(1)
  })

  it('gives the same matches however its work is cut', () => {
    const play = (stepsPerTurn: number) => {
      const { add, pass, matches } = matchmakerWorld({ stepsPerTurn })
      for (let n = 0; n < 120; n++) {
        const size = 1 + (n % 3)
        add(
          ticket(`${n}`, { min: 6, max: 8, multiple: 2, size, query: `+* properties.key:>${(n * 7) % 50}` }),
        )
        if (n % 10 === 0) pass()
      }
      pass(15)
      return matches
    }
    expect(play(50)).toEqual(play(1_000_000))
    expect(play(4_000)).toEqual(play(1_000_000))
  })

  it('matches all of a crowd in which everybody suits everybody', () => {
    const { add, pass, matches, matchmaker } = matchmakerWorld()
    for (let n = 0; n < 1_000; n++) add(ticket(`${n}`))
    pass(8)
    expect(matchmaker.size).toBe(0)
    expect(new Set(matches.flat()).size).toBe(1_000)
  })

  it('goes on when its owner throws', () => {
    const { add, pass, matches } = matchmakerWorld({}, (ids) => {
      if (ids.includes('a')) throw new Error('no room')
    })
    add(ticket('a'), ticket('b'), ticket('c'), ticket('d'))
    expect(() => pass()).toThrow('no room')
    pass()
    expect(matches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })
})
