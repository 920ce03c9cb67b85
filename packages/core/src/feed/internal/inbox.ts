import * as Effect from "effect/Effect"
import * as Signal from "./signal.js"

/**
 * A queue of unread items, in order. Callbacks add items, and a single fiber takes all of them together.
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
  const signal = Signal.make(() => items.length > 0)
  return {
    push: (item) => {
      items.push(item)
      signal.notify()
    },
    take: Effect.map(signal.awaitReady, () => {
      const all = items
      items = []
      return all
    }),
    size: () => items.length
  }
}
