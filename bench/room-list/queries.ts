/** What is asked for, and why it is worth knowing what it costs. */
export const queries: readonly { readonly what: string; readonly query: string }[] = [
  { what: 'everything, newest first', query: '' },
  { what: 'one rare must', query: '+label.rare:true' },
  { what: 'two musts, a range', query: '+label.mode:ranked +label.region:eu +label.skill:[20000 TO 40000]' },
  {
    what: 'a lobby: musts, must-not, boosts',
    query: '+label.mode:ranked -label.region:(us br) label.skill:>=50000^2 label.tags:t7^5 +seats:>1',
  },
  { what: 'text', query: '+"old harbour" label.map.name:map7^3' },
  { what: 'prefix over 10,000 different names', query: '+label.name:Room\\ 7*' },
  {
    what: 'all match, sorted by score',
    query: '+* label.mode:ranked^2 label.skill:<30000^3 seats:>4 label.region:eu',
  },
  {
    what: 'all match, eight boosts',
    query: `+* ${[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `label.skill:>${n}0000^${n}`).join(' ')}`,
  },
  {
    what: '32 ranges that all match',
    query: Array.from({ length: 32 }, (_, n) => `label.skill:>=-${n}`).join(' '),
  },
  {
    what: '32 prefixes that all match',
    query: Array.from({ length: 32 }, () => 'label.name:Room*').join(' '),
  },
  {
    what: '32 prefixes of values and words',
    query: Array.from({ length: 4 }, (_, n) => {
      const start = 'Room'.slice(0, n + 1)
      const words = ['old', 'har', 'of', 'room'].map((word) => `label.name:~${word}*`).join(' ')
      return `label.name:${start}* label:{* label.map.name:m* r* ${words}`
    }).join(' '),
  },
  {
    what: '32 figures that all match',
    query: Array.from(
      { length: 32 },
      (_, n) => `${['seats', 'size', 'max_players', 'created_ms'][n % 4]}:>=-${n}`,
    ).join(' '),
  },
  {
    what: 'a set of 150 figures, one of 100 numbers',
    query: `seats:(${numbers(100, 250)}) label.skill:(${numbers(0, 100)})`,
  },
]

function numbers(from: number, end: number): string {
  return Array.from({ length: end - from }, (_, n) => from + n).join(' ')
}
