/**
 * A priority queue of values by due instant. Adding an item, removing any item and reading the first take at most O(log
 * n).
 *
 * @internal
 */
export interface Heap<A> {
  readonly items: Array<Item<A>>
}

/** @internal */
export interface Item<A> {
  readonly at: bigint
  readonly value: A
  /** The index in the heap; negative if the item is in no heap. */
  index: number
}

/** @internal */
export const make = <A>(): Heap<A> => ({ items: [] })

/** @internal */
export const item = <A>(at: bigint, value: A): Item<A> => ({ at, value, index: -1 })

/** @internal */
export const first = <A>(heap: Heap<A>): Item<A> | undefined => heap.items[0]

/**
 * Adds an item that is in no heap.
 *
 * @internal
 */
export const add = <A>(heap: Heap<A>, item: Item<A>): void => {
  heap.items.push(item)
  rise(heap, item, heap.items.length - 1)
}

/**
 * Removes an item; does nothing if it is not in the heap.
 *
 * @internal
 */
export const remove = <A>(heap: Heap<A>, item: Item<A>): void => {
  const { index } = item
  const last = heap.items[heap.items.length - 1]
  if (index < 0 || last === undefined) {
    return
  }
  item.index = -1
  heap.items.pop()
  if (last !== item) {
    // The item that was last may have to move up or down from the gap.
    rise(heap, last, index)
    sink(heap, last, last.index)
  }
}

const rise = <A>(heap: Heap<A>, item: Item<A>, from: number): void => {
  let index = from
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap.items[above]
    if (parent === undefined || parent.at <= item.at) {
      break
    }
    put(heap, parent, index)
    index = above
  }
  put(heap, item, index)
}

const sink = <A>(heap: Heap<A>, item: Item<A>, from: number): void => {
  let index = from
  for (;;) {
    const below = 2 * index + 1
    const left = heap.items[below]
    if (left === undefined) {
      break
    }
    const right = heap.items[below + 1]
    const sooner = right !== undefined && right.at < left.at ? right : left
    if (item.at <= sooner.at) {
      break
    }
    const next = sooner.index
    put(heap, sooner, index)
    index = next
  }
  put(heap, item, index)
}

const put = <A>(heap: Heap<A>, item: Item<A>, index: number): void => {
  heap.items[index] = item
  item.index = index
}
