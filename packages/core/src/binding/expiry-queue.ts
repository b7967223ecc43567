/** What ends at some time. */
export interface Expiring {
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** Things in the order in which they end: a binary heap. */
export interface ExpiryQueue<Item extends Expiring> {
  add(item: Item): void
  /** Takes out the item that ends first, if it ends at `time` or before. */
  takeExpired(time: number): Item | undefined
}

export function createExpiryQueue<Item extends Expiring>(): ExpiryQueue<Item> {
  const heap: Item[] = []
  const endOf = (index: number): number => heap[index]?.expiresAt ?? Number.POSITIVE_INFINITY

  /** Puts an item where it belongs between a hole in the heap and the leaves below it. */
  function sink(item: Item): void {
    let hole = 0
    for (;;) {
      const left = 2 * hole + 1
      const child = endOf(left + 1) < endOf(left) ? left + 1 : left
      const below = heap[child]
      if (below === undefined || below.expiresAt >= item.expiresAt) break
      heap[hole] = below
      hole = child
    }
    heap[hole] = item
  }

  return {
    add(item) {
      let hole = heap.length
      while (hole > 0) {
        const parent = (hole - 1) >> 1
        const above = heap[parent]
        if (above === undefined || above.expiresAt <= item.expiresAt) break
        heap[hole] = above
        hole = parent
      }
      heap[hole] = item
    },

    takeExpired(time) {
      const [first] = heap
      if (first === undefined || first.expiresAt > time) return undefined
      const last = heap.pop()
      if (last !== undefined && last !== first) sink(last)
      return first
    },
  }
}
