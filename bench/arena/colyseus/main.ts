import { availableParallelism, cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { hasCommand } from '../../transport/lossy-link/requirements.ts'
import type { ColyseusCell } from './colyseus-cell.ts'
import { ColyseusPeer } from './colyseus-peer.ts'
import { ROOM_LOOPS } from './game/room-loop.ts'
import { PLAYERS_PER_ROOM } from './game/wire.ts'
import { colyseusTable } from './report.ts'

/** This peer alone, for whoever doubts its figures. */
const USAGE = `usage: node bench/dist/arena/colyseus/main.js [options]

  --rooms LIST    rooms of ${PLAYERS_PER_ROOM} players (default 100,160,200)
  --loops LIST    of ${ROOM_LOOPS.join(', ')} (default both)
  --seconds N     measured time of each row (default 15)
  --warmup N      seconds before that (default 5)
  --help`

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: '100,160,200' },
    loops: { type: 'string', default: ROOM_LOOPS.join(',') },
    seconds: { type: 'string', default: '15' },
    warmup: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(USAGE)
else await run()

async function run(): Promise<void> {
  const canPin = availableParallelism() > 1 && hasCommand('taskset', '--version')
  const pin = canPin
    ? { server: ['taskset', '-c', '0'], generator: ['taskset', '-c', '1'] }
    : { server: [], generator: [] }
  const loops = ROOM_LOOPS.filter((loop) => values.loops.split(',').includes(loop))
  const rows: { name: string; cell: ColyseusCell }[] = []
  for (const loop of loops) {
    const peer = new ColyseusPeer(loop)
    const reason = await peer.unavailable((text) => console.error(text))
    if (reason !== undefined) {
      console.error(`${peer.name} cannot run here: ${reason}`)
      process.exitCode = 1
      return
    }
    for (const rooms of values.rooms.split(',').map(numberOf)) {
      const cell = await peer.run({
        rooms,
        players: PLAYERS_PER_ROOM,
        seconds: numberOf(values.seconds),
        warmupSeconds: numberOf(values.warmup),
        pin,
        progress: (text) => console.error(text),
      })
      rows.push({ name: peer.name, cell })
      console.error(JSON.stringify(cell))
    }
  }
  const cpu = cpus()[0]?.model ?? 'unknown CPU'
  console.log(
    `\n${cpu}, ${availableParallelism()} cores, Linux ${release()}${canPin ? '' : ', not pinned'}\n`,
  )
  console.log(colyseusTable(rows))
}

function numberOf(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${text} is not a whole number of 1 or more`)
  return value
}
