import * as Effect from "effect/Effect"
import * as Bell from "./bell.js"

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
  const bell = Bell.make(() => items.length > 0)
  return {
    push: (item) => {
      items.push(item)
      bell.ring()
    },
    take: Effect.map(bell.heard, () => {
      const all = items
      items = []
      return all
    }),
    size: () => items.length
  }
}
