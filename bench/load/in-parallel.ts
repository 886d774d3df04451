/**
 * Does something for each item, at most so many at once, and stops at the first failure.
 * @param progress told how many are done
 * @throws that failure
 */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  progress: (done: number) => void,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0
  let done = 0
  const workOff = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next] as Item
      next += 1
      try {
        await work(item)
      } catch (error) {
        next = items.length
        throw error
      }
      done += 1
      progress(done)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, workOff))
}
