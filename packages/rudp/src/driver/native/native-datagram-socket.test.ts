import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type DatagramBatch, HEADER_WORDS, HeaderWord, SLOT_BYTES } from '../../endpoint/datagram-batch.ts'
import { MAX_WAITING_BATCHES } from '../socket-options.ts'
import { type NativeAddon, NativeEvent } from './native-addon.ts'
import { NativeDatagramSocket } from './native-datagram-socket.ts'

const { EAGAIN, EPERM, ENOBUFS, ECONNREFUSED } = constants.errno
const to = { ip: '10.0.0.1', port: 5 }
const options = { host: '127.0.0.1', port: 0, receiveBufferBytes: 1, sendBufferBytes: 1, batchSize: 4 }

/** A system whose answers to `send` are given, and which takes everything when there are none left. */
async function rig() {
  const answers: number[] = []
  const sent: number[] = []
  let received: readonly number[] = []
  let awaited = 0
  let emit: (events: number, error: number) => void = () => {}
  const addon: NativeAddon = {
    open(_ip, _port, _isIPv6, onEvent) {
      emit = onEvent
      return {
        receive(_payload, headers) {
          for (const [slot, length] of received.entries()) {
            headers[slot * HEADER_WORDS + HeaderWord.Length] = length
            headers[slot * HEADER_WORDS + HeaderWord.Port] = slot
          }
          return received.length
        },
        send(payload, _headers, from, until) {
          const answer = Math.min(answers.shift() ?? Number.POSITIVE_INFINITY, until - from)
          for (let slot = from; slot < from + answer; slot += 1) sent.push(payload[(slot + 1) * SLOT_BYTES]!)
          return answer
        },
        awaitWritable: () => {
          awaited += 1
        },
        connect: () => 0,
        setBufferSizes: () => 0,
        local: () => 0,
        close: (onClosed) => onClosed(),
      }
    },
    openSockets: () => 0,
    parseAddress: () => 0,
    formatAddress: () => '10.0.0.1',
    slotBytes: SLOT_BYTES,
    headerWords: HEADER_WORDS,
  }
  const socket = await NativeDatagramSocket.bind(options, addon)
  return {
    socket,
    answers,
    sent,
    awaited: () => awaited,
    writable: () => emit(NativeEvent.Writable, 0),
    failed: (error: number) => emit(NativeEvent.Error, error),
    readable: (lengths: readonly number[]) => {
      received = lengths
      emit(NativeEvent.Readable, 0)
    },
  }
}

function batchOf(socket: NativeDatagramSocket, ...numbers: number[]): DatagramBatch {
  const batch = socket.acquire()
  for (const number of numbers) {
    batch.buffer[0] = number
    batch.commit(1, to)
  }
  return batch
}

describe('a native datagram socket', () => {
  it('goes on where the system stopped taking datagrams, in order', async () => {
    const { socket, answers, sent, awaited, writable } = await rig()
    answers.push(1, -EAGAIN)
    socket.send(batchOf(socket, 1, 2, 3))
    socket.send(batchOf(socket, 4))
    expect([sent, awaited()]).toEqual([[1], 1])
    answers.push(1, -EAGAIN)
    writable()
    expect([sent, awaited()]).toEqual([[1, 2], 2])
    writable()
    expect(sent).toEqual([1, 2, 3, 4])
    expect(socket.stats).toMatchObject({ sentDatagrams: 4, sendErrors: {} })
  })

  it('keeps a bounded number of batches for the system, and counts what is lost beyond', async () => {
    const { socket, answers, sent, writable } = await rig()
    answers.push(-EAGAIN)
    for (let number = 0; number < MAX_WAITING_BATCHES + 3; number += 1)
      socket.send(batchOf(socket, number, 99))
    expect(socket.stats.sendErrors).toEqual({ EAGAIN: 6 })
    writable()
    expect(sent.filter((number) => number !== 99)).toEqual(
      Array.from({ length: MAX_WAITING_BATCHES }, (_, n) => n),
    )
  })

  it('loses only what the system refuses, counted by reason and reported afterwards', async () => {
    const { socket, answers, sent } = await rig()
    const reported: string[] = []
    socket.onError = (code) => reported.push(code)
    answers.push(1, -EPERM, -ENOBUFS)
    socket.send(batchOf(socket, 1, 2, 3, 4))
    expect([sent, reported]).toEqual([[1, 4], []])
    await new Promise((resolve) => process.nextTick(resolve))
    expect(reported).toEqual(['EPERM', 'ENOBUFS'])
    expect(socket.stats).toMatchObject({ sentDatagrams: 2, sendErrors: { EPERM: 1, ENOBUFS: 1 } })
  })

  it('uses its batches again', async () => {
    const { socket } = await rig()
    const batch = batchOf(socket, 1)
    socket.send(batch)
    expect(socket.acquire()).toBe(batch)
    expect(batch.count).toBe(0)
  })

  it('leaves out what is larger than a slot, and reports errors that come by themselves', async () => {
    const { socket, readable, failed } = await rig()
    const got: number[][] = []
    const errors: string[] = []
    socket.onReadable = () => socket.drain()
    socket.onReceive = (batch) =>
      got.push(Array.from({ length: batch.count }, (_, slot) => batch.portOf(slot)))
    socket.onError = (code) => errors.push(code)
    readable([1, SLOT_BYTES + 1, SLOT_BYTES])
    readable([SLOT_BYTES + 1])
    failed(ECONNREFUSED)
    expect(got).toEqual([[0, 2]])
    expect(errors).toEqual(['ECONNREFUSED'])
    expect(socket.stats).toMatchObject({
      receivedDatagrams: 4,
      oversized: 2,
      receiveErrors: { ECONNREFUSED: 1 },
    })
  })

  it('forgets what waits for the system when it is closed', async () => {
    const { socket, answers, sent, writable } = await rig()
    answers.push(-EAGAIN)
    socket.send(batchOf(socket, 1))
    await socket.close()
    writable()
    expect(sent).toEqual([])
  })
})
