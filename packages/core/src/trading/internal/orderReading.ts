import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AccountError, DuplicateOrder } from "../../model/ExchangeError.js"
import { isClosed, type Order } from "../../model/Order.js"

/**
 * Looks an order up until it is there, or is proven not to be there nor ever to come, or until time is up: then with what
 * stood in the way. The proof is twofold. It is missing under its name twice, two seconds apart, not before `absentAfter`;
 * and then `elsewhere`, which looks for it by another way, has not got it either.
 *
 * It begins when nothing sends the order any more: a request may have queued for long before it was sent, so the time of
 * the order proves nothing. It ends with the `Deadline` in reach at the latest.
 *
 * @internal
 */
export const find = (options: {
  /** `DuplicateOrder` is final: the name belongs to another order. */
  readonly lookup: Effect.Effect<Order, AccountError | DuplicateOrder>
  readonly elsewhere: Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder>
  readonly absentAfter: Duration.DurationInput
  /** How long to go on trying beyond that when the exchange does not answer. */
  readonly patience: Duration.DurationInput
  /** Defaults to looking again and again, so that an order is found as soon as it shows. */
  readonly pace?: Pace | undefined
}): Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder> =>
  Effect.flatMap(Clock.currentTimeMillis, (begun) => {
    const absentAfter = Duration.toMillis(options.absentAfter)
    const absentAt = begun + absentAfter
    const wait = (attempt: number) =>
      options.pace === "unhurried" ? Duration.millis(Math.max(apart, attempt === 0 ? absentAfter : 0)) : pause(attempt)
    const giveUpAt = absentAt + Duration.toMillis(options.patience)
    const ask = (
      attempt: number,
      missingSince: number | undefined
    ): Effect.Effect<Option.Option<Order>, AccountError | DuplicateOrder> =>
      // What an answer shows may be as old as its question.
      Effect.flatMap(Clock.currentTimeMillis, (asked) => {
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
            // The first answer may have waited in a queue: it counts as of when it came, the last as of when it was asked for.
            return Effect.flatMap(Clock.currentTimeMillis, (answered) => again(error, missingSince ?? answered))
          }
        })
      })
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
 * most and not beyond the `Deadline` in reach; then as it was last seen, and what kept it from being seen otherwise.
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
        // Orders appear a moment after they were taken.
        return error._tag === "OrderNotFound" && attempt < reads
          ? inTime(pause(attempt), Effect.succeed(seen), ask(attempt + 1, seen))
          : Effect.succeed(seen)
      }
    })
  return ask(0, { order: Option.none(), error: Option.none() })
}

/**
 * An order as it was last seen, if it was, and what the last read failed with, if it did.
 *
 * @internal
 */
export interface Seen {
  readonly order: Option.Option<Order>
  readonly error: Option.Option<AccountError>
}

/**
 * The same of an order that a feed told of.
 *
 * @internal
 */
export const told = (order: Effect.Effect<Order>): Effect.Effect<Seen> =>
  Effect.map(order, (order) => ({ order: Option.some(order), error: Option.none() }))

/**
 * What the exchange answers, or else what a feed says of the order meanwhile: the answer has a second to come after that.
 *
 * @internal
 */
export const answered = <A, E>(answer: Effect.Effect<A, E>, told: Effect.Effect<A>): Effect.Effect<A, E> =>
  Concurrent.raceFirst(answer, Effect.zipLeft(told, Effect.sleep("1 second")))

/** @internal */
export const isListed = (order: Order): boolean => order.status !== "pending"

/** @internal */
export const hasEnded = isClosed

const apart = 2000
const reads = 4

// 200, 400, 800, 1600, then every 2000 milliseconds.
const pause = (attempt: number): Duration.Duration => Duration.millis(Math.min(2000, 200 * 2 ** attempt))

/** What comes after a pause, or what there is to say already where the pause would outlast the deadline. */
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
