import * as Effect from "effect/Effect"

/**
 * What has come and is not looked at yet, in order: put in by callbacks, taken out by one fiber, all at once.
 *
 * @internal
 */
export interface Inbox<A> {
  readonly push: (item: A) => void
  readonly take: Effect.Effect<ReadonlyArray<A>>
  readonly size: () => number
}

/** @internal */
export const make = <A>(): Inbox<A> => {
  let items: Array<A> = []
  const latch = Effect.unsafeMakeLatch(false)
  return {
    push: (item) => {
      items.push(item)
      if (items.length === 1) latch.unsafeOpen()
    },
    take: Effect.map(latch.await, () => {
      const all = items
      items = []
      latch.unsafeClose()
      return all
    }),
    size: () => items.length
  }
}
