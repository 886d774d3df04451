/** Something that is due at a time and knows its place in the heap. */
export interface DueItem {
  nextDueMs: number
  /** Written by the heap; -1 = not in it. */
  heapIndex: number
}

/** A binary min-heap by `nextDueMs`: the room that is due next is at the top. Nothing is allocated per tick. */
export class DueHeap<T extends DueItem> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    item.heapIndex = this.#items.length
    this.#items.push(item)
    this.#siftUp(item.heapIndex)
  }

  remove(item: T): void {
    const index = item.heapIndex
    if (index < 0) return
    item.heapIndex = -1
    const last = this.#items.pop() as T
    if (last === item) return
    this.#place(last, index)
    this.update(last)
  }

  /** Restores the order after `item.nextDueMs` has changed. */
  update(item: T): void {
    this.#siftUp(item.heapIndex)
    this.#siftDown(item.heapIndex)
  }

  #siftUp(start: number): void {
    let index = start
    const item = this.#items[index] as T
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#items[parentIndex] as T
      if (parent.nextDueMs <= item.nextDueMs) break
      this.#place(parent, index)
      index = parentIndex
    }
    this.#place(item, index)
  }

  #siftDown(start: number): void {
    let index = start
    const item = this.#items[index] as T
    const { length } = this.#items
    for (;;) {
      let childIndex = index * 2 + 1
      if (childIndex >= length) break
      let child = this.#items[childIndex] as T
      const right = this.#items[childIndex + 1]
      if (right !== undefined && right.nextDueMs < child.nextDueMs) {
        child = right
        childIndex++
      }
      if (item.nextDueMs <= child.nextDueMs) break
      this.#place(child, index)
      index = childIndex
    }
    this.#place(item, index)
  }

  #place(item: T, index: number): void {
    this.#items[index] = item
    item.heapIndex = index
  }
}
