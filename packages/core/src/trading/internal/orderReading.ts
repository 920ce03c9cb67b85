import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AccountError, DuplicateOrder } from "../../model/ExchangeError.js"
import type { Order } from "../../model/Order.js"

/**
 * Looks up an order until it is found, until it is proven absent for good, or until time is up. In the last case it
 * fails with the error of the last look-up. The proof has two parts. First the order is not found twice, two seconds
 * apart, and the second time not before `absentAfter`. Then `elsewhere`, which looks for it in another way, does not
 * find it either.
 *
 * Begin only when nothing sends the order any more. The time counts from then, because a request may have waited in a
 * queue for long before it was sent. It ends with the current `Deadline` at the latest.
 *
 * @internal
 */
export const find = (options: {
  /** `DuplicateOrder` is final: the client order id belongs to another order. */
  readonly lookup: Effect.Effect<Order, AccountError | DuplicateOrder>
  readonly elsewhere: Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder>
  readonly absentAfter: Duration.DurationInput
  /** How long to keep trying after `absentAfter` if the exchange does not answer. */
  readonly patience: Duration.DurationInput
  /** Defaults to repeated look-ups, so that an order is found as soon as it appears. */
  readonly pace?: Pace | undefined
}): Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder> =>
  Effect.flatMap(monotonicMillis, (begun) => {
    const absentAfter = Duration.toMillis(options.absentAfter)
    const absentAt = begun + absentAfter
    const wait = (attempt: number) =>
      options.pace === "unhurried" ? Duration.millis(Math.max(apart, attempt === 0 ? absentAfter : 0)) : pause(attempt)
    const giveUpAt = absentAt + Duration.toMillis(options.patience)
    const ask = (
      attempt: number,
      missingSince: number | undefined
    ): Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder> =>
      // The state in an answer may be as old as its request.
      Effect.flatMap(monotonicMillis, (asked) => {
        const again = (error: AccountError | DuplicateOrder, since: number | undefined) =>
          error._tag === "DuplicateOrder" || asked >= giveUpAt
            ? Effect.fail(error)
            : inTime(wait(attempt), Effect.fail(error), ask(attempt + 1, since))
        return Effect.matchEffect(options.lookup, {
          onSuccess: (order) => Effect.succeedSome(order),
          onFailure: (error) => {
            if (error._tag !== "OrderNotFound") return again(error, missingSince)
            if (asked >= absentAt && missingSince !== undefined && asked - missingSince >= apart) {
              return Effect.catchAll(options.elsewhere, (error) => again(error, missingSince))
            }
            // The first answer may have waited in a queue, so it counts from when it arrived. The last one counts from
            // when it was requested.
            return Effect.flatMap(monotonicMillis, (answered) => again(error, missingSince ?? answered))
          }
        })
      })
    return ask(0, undefined)
  })

/**
 * The frequency of the look-ups. `unhurried` looks once now and once when the order would be proven absent, for orders
 * that no caller waits for.
 *
 * @internal
 */
export type Pace = "unhurried"

/**
 * Reads an order that was just acknowledged until `isSettled` accepts it, for at most three seconds and within the
 * current `Deadline`. Then returns the order as last seen, and the error of the last read, if any.
 *
 * @internal
 */
export const read = (
  lookup: Effect.Effect<Order, AccountError>,
  isSettled: (order: Order) => boolean
): Effect.Effect<Seen> => {
  const ask = (attempt: number, before: Seen): Effect.Effect<Seen> =>
    Effect.matchEffect(lookup, {
      onSuccess: (order) => {
        const seen: Seen = { order: Option.some(order), error: Option.none() }
        return isSettled(order) || attempt >= reads
          ? Effect.succeed(seen)
          : inTime(pause(attempt), Effect.succeed(seen), ask(attempt + 1, seen))
      },
      onFailure: (error) => {
        const seen: Seen = { order: before.order, error: Option.some(error) }
        // An order may appear a moment after it was accepted.
        return error._tag === "OrderNotFound" && attempt < reads
          ? inTime(pause(attempt), Effect.succeed(seen), ask(attempt + 1, seen))
          : Effect.succeed(seen)
      }
    })
  return ask(0, { order: Option.none(), error: Option.none() })
}

/**
 * An order as it was last seen, if ever, and the error of the last read, if it failed.
 *
 * @internal
 */
export interface Seen {
  readonly order: Option.Option<Order>
  readonly error: Option.Option<AccountError>
}

/**
 * Waits for an order that a feed reports, and returns it in the form of `read`.
 *
 * @internal
 */
export const reported = (order: Effect.Effect<Order>): Effect.Effect<Seen> =>
  Effect.map(order, (order) => ({ order: Option.some(order), error: Option.none() }))

/**
 * Returns the exchange's answer, or what a feed reports about the order in the meantime. The answer may still arrive
 * within one second after that report.
 *
 * @internal
 */
export const answered = <A, E>(answer: Effect.Effect<A, E>, report: Effect.Effect<A>): Effect.Effect<A, E> =>
  Concurrent.raceFirst(answer, Effect.zipLeft(report, Effect.sleep("1 second")))

/** @internal */
export const isListed = (order: Order): boolean => order.status !== "pending"

// A correction of the system clock would end a proof before the exchange had the time to show the order.
const monotonicMillis = Effect.map(Clock.currentTimeNanos, (nanos) => Math.round(Number(nanos) / 1e6))

const apart = 2000
const reads = 4

// 200, 400, 800, 1600, then every 2000 milliseconds.
const pause = (attempt: number): Duration.Duration => Duration.millis(Math.min(2000, 200 * 2 ** attempt))

/** Runs `after` after a pause, or `now` if the pause would outlast the deadline. */
const inTime = <A, E>(
  pause: Duration.Duration,
  now: Effect.Effect<A, E>,
  after: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.flatMap(
    Deadline.remaining,
    (remaining) =>
      Option.exists(remaining, (left) => Duration.lessThanOrEqualTo(left, pause)) ? now : Effect.delay(after, pause)
  )
