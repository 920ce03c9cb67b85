import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AccountError } from "../ExchangeError.js"
import { isClosed, type Order } from "../Order.js"

/**
 * Looks an order up until it is there, or long enough not to be there that it never will be, or until time is up: then
 * with what stood in the way. Found twice missing, two seconds apart, is missing.
 *
 * It begins when nothing sends the order any more: a request may have queued for long before it was sent, so the time of
 * the order proves nothing.
 *
 * @internal
 */
export const find = (options: {
  readonly lookup: Effect.Effect<Order, AccountError>
  readonly absentAfter: Duration.DurationInput
  /** How long to go on trying beyond that when the exchange does not answer. */
  readonly patience: Duration.DurationInput
}): Effect.Effect<Option.Option<Order>, AccountError> =>
  Effect.flatMap(Clock.currentTimeMillis, (begun) => {
    const absentAt = begun + Duration.toMillis(options.absentAfter)
    const giveUpAt = absentAt + Duration.toMillis(options.patience)
    const ask = (
      attempt: number,
      missingSince: number | undefined
    ): Effect.Effect<Option.Option<Order>, AccountError> =>
      // What an answer shows may be as old as its question.
      Effect.flatMap(Clock.currentTimeMillis, (asked) =>
        Effect.matchEffect(options.lookup, {
          onSuccess: (order) => Effect.succeedSome(order),
          onFailure: (error) => {
            const missing = error._tag === "OrderNotFound"
            const since = missing ? missingSince ?? asked : missingSince
            if (missing && asked >= absentAt && since !== undefined && asked - since >= apart) {
              return Effect.succeedNone
            }
            return asked >= giveUpAt
              ? Effect.fail(error)
              : Effect.delay(ask(attempt + 1, since), pause(attempt))
          }
        }))
    return ask(0, undefined)
  })

/**
 * Reads an order that was just acknowledged until the exchange shows it as `isSettled` wants it, for three seconds at
 * most; then as it was last seen, and none if it never was.
 *
 * @internal
 */
export const read = (
  lookup: Effect.Effect<Order, AccountError>,
  isSettled: (order: Order) => boolean
): Effect.Effect<Option.Option<Order>> => {
  const ask = (attempt: number, seen: Option.Option<Order>): Effect.Effect<Option.Option<Order>> =>
    Effect.matchEffect(lookup, {
      onSuccess: (order) =>
        isSettled(order) || attempt >= reads
          ? Effect.succeedSome(order)
          : Effect.delay(ask(attempt + 1, Option.some(order)), pause(attempt)),
      // Orders appear a moment after they were taken.
      onFailure: (error) =>
        error._tag === "OrderNotFound" && attempt < reads
          ? Effect.delay(ask(attempt + 1, seen), pause(attempt))
          : Effect.succeed(seen)
    })
  return ask(0, Option.none())
}

/** @internal */
export const isListed = (order: Order): boolean => order.status !== "pending"

/** @internal */
export const hasEnded = isClosed

const apart = 2000
const reads = 4

// 200, 400, 800, 1600, then every 2000 milliseconds.
const pause = (attempt: number): Duration.Duration => Duration.millis(Math.min(2000, 200 * 2 ** attempt))
