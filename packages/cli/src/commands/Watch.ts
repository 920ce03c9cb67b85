/**
 * `exchange watch`: prices kept fresh until interrupted, with how each exchange is doing.
 *
 * @since 0.1.0
 */
import type { ExchangeSymbol } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Command from "@effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Connections from "../Connections.js"
import type { UsageError } from "../Failure.js"
import * as Options from "../Options.js"
import * as Picture from "../Picture.js"
import * as Quotes from "../Quotes.js"
import { Screen } from "../Screen.js"
import * as Stop from "../Stop.js"
import * as Symbols from "../Symbols.js"
import * as View from "../View.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly interval: Duration.Duration
  readonly json: boolean
}

/**
 * Refreshes every exchange at its own pace, so that a slow one holds up no other, and shows all of them once in every
 * interval. The first picture waits for the first answers, but not longer than an interval.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<never, UsageError, Connections.Network | Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const { interval, json, symbols } = input
    const screen = yield* Screen
    const connections = yield* Connections.open(input, patience)
    const draw = json ? screen.out : yield* Picture.make
    const watched = yield* Effect.forEach(connections, (connection) =>
      Effect.all({
        connection: Effect.succeed(connection),
        view: Ref.make(View.initial(connection.exchange)),
        answered: Deferred.make<void>()
      }))

    const refresh = ({ answered, connection, view }: typeof watched[number]) =>
      Effect.gen(function*() {
        const latest = yield* Quotes.snapshot(connection, symbols)
        const now = yield* Clock.currentTimeMillis
        yield* Ref.update(view, View.update(latest, now))
        yield* Deferred.succeed(answered, undefined)
        yield* Effect.sleep(pace(interval, Quotes.limitUsed(latest.health)))
      })

    const show = Effect.gen(function*() {
      const exchanges = yield* Effect.forEach(watched, ({ view }) => Ref.get(view))
      const at = yield* Clock.currentTimeMillis
      yield* draw(
        json
          ? `${View.encode({ at, exchanges })}\n`
          : `${headline(input)}\n\n${View.render(exchanges, at, screen.colors)}`
      )
    })

    const firstAnswers = Effect.forEach(watched, ({ answered }) => Deferred.await(answered), { discard: true })
    const showing = Effect.zipRight(
      Effect.raceFirst(firstAnswers, Effect.sleep(interval)),
      Effect.forever(Effect.zipLeft(show, Effect.sleep(interval)))
    )
    // One that dies takes the others with it: a picture that stands still unnoticed would be worse.
    return yield* Effect.raceFirst(
      showing,
      Effect.zipRight(
        Concurrent.forEach(watched, (one) => Effect.forever(refresh(one)), { concurrency: "unbounded" }),
        Effect.never
      )
    )
  }))

// Longer than any exchange's window of a minute, so that a call waits for its turn instead of failing.
const patience = "90 seconds"

/**
 * The pause before the next refresh: the interval while less than half of the exchange's limit is used, then longer the
 * less is left, up to half a minute. Whoever spends a limit at full speed waits for the rest of its window.
 *
 * @since 0.1.0
 * @category getters
 */
export const pace = (interval: Duration.Duration, limitUsed: number): Duration.Duration => {
  const left = Math.max(0, 1 - limitUsed)
  if (left >= 0.5) return interval
  const stretched = Duration.toMillis(interval) * 0.5 / Math.max(left, 0.001)
  return Duration.max(interval, Duration.millis(Math.min(30_000, Math.round(stretched))))
}

const headline = ({ environment, faults, interval }: Input): string =>
  `${environment}, faults ${faults}, every ${Duration.format(interval)}; Ctrl-C ends it`

/**
 * @since 0.1.0
 * @category commands
 */
export const make = () =>
  Command.make(
    "watch",
    { symbols: Symbols.many, ...Options.settings, interval: Options.interval, json: Options.json },
    (input) => Stop.end(handle(input))
  ).pipe(Command.withDescription(
    "Prices kept fresh until Ctrl-C, which is its proper end: exit code 0. 2: bad usage. "
      + "Each exchange is asked in as few requests as it allows and at the pace of its rate limit. "
      + "With --json, one document a line and refresh."
  ))
