import { beforeAll, describe, expect, test } from 'vitest'
import { createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeAll(async () => {
  fixture = await createFixture()
})

/** Thursday, 2026-11-26 03:04:05 UTC. */
const MOMENT = Date.UTC(2026, 10, 26, 3, 4, 5) / 1000
const date = (format: string, seconds = MOMENT) => fixture.run('return os.date(...)', format, seconds)

describe('os.date', () => {
  test.each([
    ['%Y-%m-%d %H:%M:%S', '2026-11-26 03:04:05'],
    ['!%Y', '2026'],
    ['%a %A %b %B %h', 'Thu Thursday Nov November Nov'],
    ['%c', 'Thu Nov 26 03:04:05 2026'],
    ['%C %y %G %g %V %u %w', '20 26 2026 26 48 4 4'],
    ['%D %F %x', '11/26/26 2026-11-26 11/26/26'],
    ['%e|%j', '26|330'],
    ['%I %p %r', '03 AM 03:04:05 AM'],
    ['%R %T %X', '03:04 03:04:05 03:04:05'],
    ['%U %W', '47 47'],
    ['%z %Z', '+0000 UTC'],
    ['%n%t%%', '\n\t%'],
    ['%Ey %Od', '26 26'],
    ['é', 'é'],
  ])('formats %j as C does in UTC', (format, text) => {
    expect(date(format)).toBe(text)
  })

  test.each([
    [Date.UTC(2027, 0, 1) / 1000, '2026-W53-5'],
    [Date.UTC(2026, 0, 1) / 1000, '2026-W01-4'],
    [Date.UTC(2025, 11, 29) / 1000, '2026-W01-1'],
    [Date.UTC(2024, 11, 30) / 1000, '2025-W01-1'],
    [Date.UTC(2000, 1, 29) / 1000, '2000-W09-2'],
  ])('puts %i into the ISO week %s', (seconds, week) => {
    expect(date('%G-W%V-%u', seconds)).toBe(week)
  })

  test('gives the fields of a moment', () => {
    expect(fixture.run("return os.date('*t', ...)", MOMENT)).toEqual({
      year: 2026,
      month: 11,
      day: 26,
      hour: 3,
      min: 4,
      sec: 5,
      wday: 5,
      yday: 330,
      isdst: false,
    })
  })

  test('knows midnight, noon, and times before 1970', () => {
    expect(date('%I %p', 0)).toBe('12 AM')
    expect(date('%I %p', 12 * 3600)).toBe('12 PM')
    expect(date('%F %T', -1)).toBe('1969-12-31 23:59:59')
    expect(date('%F', Date.UTC(99, 0, 1) / 1000)).toBe('1999-01-01')
    expect(date('%Y', -62_000_000_000)).toBe('5')
  })

  test('refuses what it cannot show', () => {
    expect(() => date('%Y', 1e15)).toThrow('date result cannot be represented')
    expect(() => date('%Q')).toThrow("invalid conversion specifier '%Q'")
    expect(() => fixture.run("os.date('%Y', 1.5)")).toThrow('number has no integer representation')
    expect(() => fixture.run("os.date('%Y', 'x')")).toThrow('number expected, got string')
  })
})

describe('os.time', () => {
  test('is the clock of the VM', () => {
    expect(fixture.run('return os.time()')).toBe(1_700_000_000)
    expect(fixture.run("return os.date('%F')")).toBe('2023-11-14')
  })

  test('turns fields into a moment and corrects them', () => {
    expect(fixture.run('return os.time{year = 2026, month = 11, day = 26, hour = 3, min = 4, sec = 5}')).toBe(
      MOMENT,
    )
    expect(fixture.run('return os.time{year = 1, month = 1, day = 1}')).toBe(-62_135_553_600)
    expect(
      fixture.run(
        'local t = {year = 2025, month = 14, day = -3, hour = 0} os.time(t) return {t.year, t.month, t.day, t.yday}',
      ),
    ).toEqual([2026, 1, 28, 28])
  })

  test('refuses what is no date', () => {
    expect(failure(() => fixture.run('os.time{year = 2026, month = 1}')).message).toContain(
      "field 'day' missing in date table",
    )
    expect(failure(() => fixture.run('os.time{year = 1 << 40, month = 1, day = 1}')).message).toContain(
      "field 'year' is out-of-bound",
    )
    expect(failure(() => fixture.run('os.time{year = 2000000000, month = 1, day = 1}')).message).toContain(
      'cannot be represented',
    )
  })
})

test('os.clock and os.difftime count seconds of the VM clock', () => {
  fixture.clock.nowMs = 1500
  expect(fixture.run('return {os.clock(), os.difftime(10, 4)}')).toEqual([1.5, 6])
})
