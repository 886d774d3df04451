import type { KaosClient, Room } from '@kaosnet/client'
import type { CorpusFile } from './corpus.ts'
import type { Place } from './header.ts'
import { ATTACK_OP, FINISH_OP } from './ops.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { RoomWatch } from './room-watch.ts'
import type { World } from './world.ts'

/** More than a test takes: what ends the room is the test. */
const TERMINATE_GRACE_SECONDS = 20

/**
 * Lets an attack happen in one place, and tells what its victims saw.
 * @param inspect called once it is over, while the room it happened in is still there if it survived
 */
export async function perform(
  world: World,
  file: CorpusFile,
  place: Place,
  inspect: () => Promise<void>,
): Promise<Outcome> {
  const mallory = await world.player('Mallory')
  const request = { name: file.name, is_returned: file.isReturned }
  if (place === 'rpc' || place === 'before_hook') {
    const outcome = await outcomeOf(mallory.rpc(place === 'rpc' ? 'attack' : 'hooked', request))
    await inspect()
    return outcome
  }
  const ada = await world.player('Ada')
  const created = await outcomeOf(ada.createRoom(`rooms/${file.name}-${place}`))
  if (created.kind !== 'survived') {
    await inspect()
    return created
  }
  const roomId = created.text
  const watch = new RoomWatch(await ada.joinRoom(roomId))
  const guests: Room[] = []
  const outcome = await setOff(world, { watch, mallory, roomId, place, guests })
  await inspect()
  await watch.finish()
  // Where the attack cost Ada her session, Mallory is in the room still.
  for (const guest of guests) if (guest.closed === undefined) guest.send(FINISH_OP)
  return outcome
}

interface Scene {
  /** Ada sees what happens. */
  readonly watch: RoomWatch
  /** She sets it off. */
  readonly mallory: KaosClient
  readonly roomId: string
  readonly place: Place
  /** Mallory's view of the room, if she got in. */
  readonly guests: Room[]
}

/** Makes the callback run that the attack lies in wait in. */
async function setOff(world: World, { watch, mallory, roomId, place, guests }: Scene): Promise<Outcome> {
  switch (place) {
    case 'load':
    case 'match_init':
      return { kind: 'survived', text: watch.label }
    case 'match_signal':
      return outcomeOf(mallory.rpc('signal', roomId))
    case 'match_join_attempt': {
      const joined = await outcomeOf(mallory.joinRoom(roomId).then((room) => guests.push(room)))
      return joined.kind === 'refused' ? joined : watch.outcome
    }
    case 'match_join':
      // Whether she gets in is not what counts.
      await outcomeOf(mallory.joinRoom(roomId).then((room) => guests.push(room)))
      return watch.outcome
    case 'match_loop':
      guests.push(await mallory.joinRoom(roomId))
      watch.send(ATTACK_OP)
      return watch.outcome
    case 'match_leave': {
      const room = await mallory.joinRoom(roomId)
      await outcomeOf(room.leave())
      return watch.outcome
    }
    case 'match_terminate':
      world.stopWithin(TERMINATE_GRACE_SECONDS)
      return watch.outcome
    default:
      throw new Error(`no attack on a room happens in ${place}`)
  }
}
