import type { Pointer } from './lua-api.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAY_MS = 86_400_000

/** Seconds that a JavaScript date can hold, both ways (ECMA-262 §21.4.1.1). */
export const MAX_UNIX_SECONDS = 8_640_000_000_000

/** The memory that the C calendar functions read and write; a structural part of `LuaWasm`. */
interface CalendarMemory {
  readonly bytes: Buffer
  readonly words: Int32Array
}

/**
 * The calendar functions that Lua's `os.date` and `os.time` import from C, all in UTC: a script sees the
 * same calendar on every machine.
 */
export function calendarImports(memory: CalendarMemory) {
  const breakDown = (unixSeconds: bigint, tm: Pointer) =>
    writeTm(memory.words, tm, new Date(Number(unixSeconds) * 1000))
  return {
    _gmtime_js: breakDown,
    _localtime_js: breakDown,
    _tzset_js: () => {},
    _mktime_js: (tm: Pointer) => {
      const date = readTm(memory.words, tm)
      if (Number.isNaN(date.getTime())) return -1n
      writeTm(memory.words, tm, date)
      return BigInt(date.getTime()) / 1000n
    },
    strftime: (out: Pointer, capacity: number, format: Pointer, tm: Pointer) => {
      const end = memory.bytes.indexOf(0, format)
      const pattern = memory.bytes.toString('latin1', format, end)
      const text = formatDate(pattern, readTm(memory.words, tm))
      if (text.length >= capacity) return 0
      memory.bytes.write(`${text}\0`, out, 'latin1')
      return text.length
    },
  }
}

/** C's `struct tm` as nine words: sec, min, hour, mday, mon, year, wday, yday, isdst. */
function writeTm(words: Int32Array, tm: Pointer, date: Date): void {
  words.set(
    [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth(),
      date.getUTCFullYear() - 1900,
      date.getUTCDay(),
      dayOfYear(date),
      0,
    ],
    tm >> 2,
  )
}

function readTm(words: Int32Array, tm: Pointer): Date {
  const [sec = 0, min = 0, hour = 0, mday = 0, mon = 0, year = 0] = words.subarray(tm >> 2, (tm >> 2) + 6)
  const date = new Date(0)
  date.setUTCFullYear(year + 1900, mon, mday)
  date.setUTCHours(hour, min, sec)
  return date
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - yearStart(date.getUTCFullYear()).getTime()) / DAY_MS)
}

function yearStart(year: number): Date {
  const date = new Date(0)
  date.setUTCFullYear(year)
  return date
}

/** `strftime` of C99 §7.23.3.5 in the C locale; Lua has checked that every conversion is one of C99's. */
export function formatDate(pattern: string, date: Date): string {
  return pattern.replace(/%[EO]?(.)/gs, (_, conversion: string) => convert(conversion, date))
}

function convert(conversion: string, date: Date): string {
  const day = date.getUTCDay()
  const year = date.getUTCFullYear()
  const hour12 = date.getUTCHours() % 12 || 12
  switch (conversion) {
    case 'a':
      return (DAYS[day] ?? '').slice(0, 3)
    case 'A':
      return DAYS[day] ?? ''
    case 'b':
    case 'h':
      return (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3)
    case 'B':
      return MONTHS[date.getUTCMonth()] ?? ''
    case 'c':
      return formatDate('%a %b %e %H:%M:%S %Y', date)
    case 'C':
      return pad(Math.floor(year / 100))
    case 'd':
      return pad(date.getUTCDate())
    case 'D':
    case 'x':
      return formatDate('%m/%d/%y', date)
    case 'e':
      return pad(date.getUTCDate(), 2, ' ')
    case 'F':
      return formatDate('%Y-%m-%d', date)
    case 'g':
      return pad(isoWeek(date).year % 100)
    case 'G':
      return String(isoWeek(date).year)
    case 'H':
      return pad(date.getUTCHours())
    case 'I':
      return pad(hour12)
    case 'j':
      return pad(dayOfYear(date) + 1, 3)
    case 'm':
      return pad(date.getUTCMonth() + 1)
    case 'M':
      return pad(date.getUTCMinutes())
    case 'n':
      return '\n'
    case 'p':
      return date.getUTCHours() < 12 ? 'AM' : 'PM'
    case 'r':
      return formatDate('%I:%M:%S %p', date)
    case 'R':
      return formatDate('%H:%M', date)
    case 'S':
      return pad(date.getUTCSeconds())
    case 't':
      return '\t'
    case 'T':
    case 'X':
      return formatDate('%H:%M:%S', date)
    case 'u':
      return String(day || 7)
    case 'U':
      return pad(Math.floor((dayOfYear(date) + 7 - day) / 7))
    case 'V':
      return pad(isoWeek(date).week)
    case 'w':
      return String(day)
    case 'W':
      return pad(Math.floor((dayOfYear(date) + 7 - ((day + 6) % 7)) / 7))
    case 'y':
      return pad(((year % 100) + 100) % 100)
    case 'Y':
      return String(year)
    case 'z':
      return '+0000'
    case 'Z':
      return 'UTC'
    default:
      return conversion // %%
  }
}

/** The week of ISO 8601: it belongs to the year that its Thursday is in. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY_MS)
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 }
}

function pad(value: number, width = 2, fill = '0'): string {
  return String(value).padStart(width, fill)
}
