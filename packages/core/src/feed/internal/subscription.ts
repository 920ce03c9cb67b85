/**
 * What is subscribed to, and what its frames are turned into.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import type { AccountError } from "../../model/ExchangeError.js"
import type { Topic } from "./protocol.js"

/**
 * What the frames of one subscription are turned into. It is one listener's of the exchange's frames, and may remember.
 *
 * @internal
 */
export interface Reading<out A> {
  /** Begins anew: what was said on another connection, or before a gap, no longer holds. */
  readonly begin: () => void
  readonly read: (frame: unknown, now: number) => Read<A>
  /** Whether the latest value says all, so that who comes later is told it at once, and a feed serves from its first value on. */
  readonly repeats: boolean
  /**
   * Whether a value is made when it is asked for, of how things stand then. It is the only one of its frame, and there is none once
   * a later frame has made a mess of it.
   */
  readonly isLazy?: boolean | undefined
}

/**
 * What a frame was turned into: `isWhole` where what has been said so far can be used, as a book can from its first snapshot on;
 * `fault` for why it never will be, unless it is asked for again; `wants` where something is needed beside the feed; `unread`
 * where a part was not understood.
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
 * A subscription: `quiet` is how many milliseconds it may say nothing; `fetch` is what is asked for beside it, whose answer is
 * read as a frame; `fail` says an error in the words of the operation.
 *
 * @internal
 */
export interface Subscription<out A, out E> {
  readonly operation: string
  readonly topic: Topic
  readonly reading: () => Reading<A>
  readonly quiet?: number | undefined
  readonly fail: (error: AccountError) => E
  readonly fetch?: Effect.Effect<unknown, AccountError> | undefined
}
