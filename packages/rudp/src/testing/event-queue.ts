/**
 * Something that happens once at a time. Subclass it and reuse the objects: the queue itself allocates
 * nothing per event. The three fields belong to the {@link EventQueue}; everyone else only reads them.
 */
export abstract class TimedEvent {
  /** When it is due, in milliseconds of virtual time. */
  atMs = 0
  /** Rank among events of the same time: the one added first happens first. */
  order = 0
  /** Place in the heap, -1 while not queued. */
  heapIndex = -1

  abstract fire(nowMs: number): void
}

function isBefore(left: TimedEvent, right: TimedEvent): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}

/**
 * Binary min-heap of events by time, first in first out among equal times. Events know their place in it,
 * so moving or removing one costs O(log n) and leaves nothing behind.
 */
export class EventQueue {
  readonly #heap: TimedEvent[] = []
  #nextOrder = 0

  get size(): number {
    return this.#heap.length
  }

  /** The next event, without removing it. */
  peek(): TimedEvent | undefined {
    return this.#heap[0]
  }

  /** Adds an event, or moves one that is queued already behind its new contemporaries. */
  add(event: TimedEvent, atMs: number): void {
    if (event.heapIndex >= 0) this.remove(event)
    event.atMs = atMs
    event.order = this.#nextOrder
    this.#nextOrder += 1
    this.#heap.push(event)
    this.#siftUp(event, this.#heap.length - 1)
  }

  /** Removes an event; one that is not queued is left alone. */
  remove(event: TimedEvent): void {
    const index = event.heapIndex
    if (index < 0) return
    event.heapIndex = -1
    const last = this.#heap.pop()
    if (last === undefined || last === event) return
    const parent = this.#heap[(index - 1) >> 1]
    if (index > 0 && parent !== undefined && isBefore(last, parent)) this.#siftUp(last, index)
    else this.#siftDown(last, index)
  }

  #siftUp(event: TimedEvent, from: number): void {
    const heap = this.#heap
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as TimedEvent
      if (!isBefore(event, parent)) break
      heap[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    heap[index] = event
    event.heapIndex = index
  }

  #siftDown(event: TimedEvent, from: number): void {
    const heap = this.#heap
    const size = heap.length
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= size) break
      let child = heap[childIndex] as TimedEvent
      const rightIndex = childIndex + 1
      if (rightIndex < size) {
        const right = heap[rightIndex] as TimedEvent
        if (isBefore(right, child)) {
          child = right
          childIndex = rightIndex
        }
      }
      if (!isBefore(child, event)) break
      heap[index] = child
      child.heapIndex = index
      index = childIndex
    }
    heap[index] = event
    event.heapIndex = index
  }
}
