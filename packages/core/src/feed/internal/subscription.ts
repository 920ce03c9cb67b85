/**
 * Subscriptions, and how their frames are converted to values.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Topic } from "./protocol.js"

/**
 * Converts the frames of one subscription to values. It may keep state.
 *
 * @internal
 */
export interface Reading<out A> {
  /** Resets the state, because frames of another connection, or from before a gap, no longer hold. */
  readonly begin: () => void
  readonly read: (frame: unknown, now: number) => Read<A>
  /**
   * Whether the latest value is complete in itself. If so, new consumers receive it immediately, and a feed is live
   * only from its first value on.
   */
  readonly repeats: boolean
  /**
   * Whether a value is computed when it is read, from the state at that time. Each frame then has at most one value,
   * and none once a later frame has invalidated the state.
   */
  readonly isLazy?: boolean | undefined
}

/**
 * The result of reading a frame.
 *
 * - `isWhole`: the data so far is usable, as an order book is from its first snapshot on.
 * - `fault`: why the data is unusable until the subscription is renewed.
 * - `wants`: the subscription needs its `fetch`.
 * - `unread`: a part of the frame was not understood.
 *
 * @internal
 */
export interface Read<out A> {
  readonly values: ReadonlyArray<A>
  readonly isWhole: boolean
  readonly fault?: string | undefined
  readonly wants?: boolean | undefined
  readonly unread?: boolean | undefined
}

/**
 * A subscription. `maxSilence` is how many milliseconds it may be silent. `fetch` is a request separate from the feed,
 * whose response is read as a frame. `fail` converts an error to one of the operation. `recheck` runs beside each
 * renewal after a fault, and reloads what the reading assumes about the market.
 *
 * @internal
 */
export interface Subscription<out A, out E> {
  readonly operation: string
  readonly topic: Topic
  readonly reading: () => Reading<A>
  readonly maxSilence?: number | undefined
  readonly fail: (error: AccountError) => E
  readonly fetch?: Effect.Effect<unknown, AccountError> | undefined
  readonly recheck?: Effect.Effect<void> | undefined
}
