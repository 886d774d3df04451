import { describe, expect, it } from 'vitest'
import { ThreadLink } from './thread-link.ts'

/** The two ends. */
function link(): { node: ThreadLink; worker: ThreadLink } {
  const node = new ThreadLink()
  return { node, worker: new ThreadLink(node.memory) }
}

describe('ThreadLink', () => {
  it('shares signs of life and signals', () => {
    const { node, worker } = link()
    const { signals } = worker
    node.signal()
    worker.beat()
    worker.beat()
    expect([worker.signals - signals, node.beats]).toEqual([1, 2])
  })

  it('wakes at once a worker that has been signalled since it looked', () => {
    const { node, worker } = link()
    const { signals } = worker
    node.signal()
    // Would wait for an hour otherwise.
    worker.waitForSignal(signals, 3_600_000)
    expect(worker.signals).toBe(signals + 1)
  })

  it('counts what is on its way in each direction, in whole KiB', () => {
    const { node, worker } = link()
    worker.postedToNode(1)
    worker.postedToNode(2_048)
    node.postedToWorker(1_025)
    expect([node.nodeBoundBytes, worker.workerBoundBytes]).toEqual([3_072, 2_048])
    node.takenByNode(2_048)
    node.takenByNode(1)
    worker.takenByWorker(1_025)
    expect([worker.nodeBoundBytes, node.workerBoundBytes]).toEqual([0, 0])
  })

  it('holds up a worker only while more than the bound is on its way', () => {
    const { node, worker } = link()
    worker.postedToNode(4_096)
    // Not above the bound: returns at once.
    worker.waitForNode(4_096, 3_600_000)
    worker.waitForNode(4_095, 1)
    node.takenByNode(4_096)
    worker.waitForNode(0, 3_600_000)
    expect(worker.nodeBoundBytes).toBe(0)
  })
})
