/** Places in the memory that node and worker share. */
const SIGNALS = 0
const BEATS = 1
const NODE_BOUND = 2
const WORKER_BOUND = 3
const WORDS = 4

const KIB = 1024

/**
 * The memory that a node and one of its workers share: what wakes a worker that waits for an answer, the worker's sign of
 * life, and how much is on its way in each direction, which is what bounds the queues between the two.
 */
export class ThreadLink {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  /** @param memory That of the other side; a new one when omitted. */
  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  /** How often the worker has been called; see {@link waitForSignal}. */
  get signals(): number {
    return Atomics.load(this.#words, SIGNALS)
  }

  /** Wakes the worker: something has been posted for it. */
  signal(): void {
    Atomics.add(this.#words, SIGNALS, 1)
    Atomics.notify(this.#words, SIGNALS)
  }

  /** Blocks the calling worker until somebody has signalled since `seen`, or for so long. */
  waitForSignal(seen: number, timeoutMs: number): void {
    Atomics.wait(this.#words, SIGNALS, seen, timeoutMs)
  }

  get beats(): number {
    return Atomics.load(this.#words, BEATS)
  }

  /** The worker lives. */
  beat(): void {
    Atomics.add(this.#words, BEATS, 1)
  }

  /** Bytes, in whole KiB, that the worker has posted and the node has not gone through. */
  get nodeBoundBytes(): number {
    return Atomics.load(this.#words, NODE_BOUND) * KIB
  }

  postedToNode(bytes: number): void {
    Atomics.add(this.#words, NODE_BOUND, kib(bytes))
  }

  takenByNode(bytes: number): void {
    Atomics.sub(this.#words, NODE_BOUND, kib(bytes))
    Atomics.notify(this.#words, NODE_BOUND)
  }

  /** Blocks the calling worker while more than so much is on its way to the node, or for so long. */
  waitForNode(boundBytes: number, timeoutMs: number): void {
    const now = Atomics.load(this.#words, NODE_BOUND)
    if (now * KIB > boundBytes) Atomics.wait(this.#words, NODE_BOUND, now, timeoutMs)
  }

  /** Bytes, in whole KiB, that the node has posted and the worker has not gone through. */
  get workerBoundBytes(): number {
    return Atomics.load(this.#words, WORKER_BOUND) * KIB
  }

  postedToWorker(bytes: number): void {
    Atomics.add(this.#words, WORKER_BOUND, kib(bytes))
  }

  takenByWorker(bytes: number): void {
    Atomics.sub(this.#words, WORKER_BOUND, kib(bytes))
  }
}

function kib(bytes: number): number {
  return Math.ceil(bytes / KIB)
}
