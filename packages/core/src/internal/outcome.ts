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
  /** Defaults to looking again and again, so that an order is found as soon as it shows. */
  readonly pace?: Pace | undefined
}): Effect.Effect<Option.Option<Order>, AccountError> =>
  Effect.flatMap(Clock.currentTimeMillis, (begun) => {
    const absentAfter = Duration.toMillis(options.absentAfter)
    const absentAt = begun + absentAfter
    const wait = (attempt: number) =>
      options.pace === "unhurried" ? Duration.millis(Math.max(apart, attempt === 0 ? absentAfter : 0)) : pause(attempt)
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
            if (missing && asked >= absentAt && missingSince !== undefined && asked - missingSince >= apart) {
              return Effect.succeedNone
            }
            if (asked >= giveUpAt) return Effect.fail(error)
            // The first answer may have waited in a queue: it counts as of when it came, the last as of when it was asked for.
            return Effect.flatMap(Clock.currentTimeMillis, (answered) =>
              Effect.delay(ask(attempt + 1, missing ? missingSince ?? answered : missingSince), wait(attempt)))
          }
        }))
    return ask(0, undefined)
  })

/**
 * How often to look: `unhurried` is once now and once when the order would be proven absent, for orders that nobody waits for.
 *
 * @internal
 */
export type Pace = "unhurried"

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
