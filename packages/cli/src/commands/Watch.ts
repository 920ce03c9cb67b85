/**
 * `exchange watch`: live prices, with the status of each stream.
 *
 * @since 0.1.0
 */
import type { ExchangeSymbol } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import type { UsageError } from "../Failure.js"
import * as Following from "../Following.js"
import type * as Options from "../Options.js"
import * as Picture from "../Picture.js"
import { Screen } from "../Screen.js"
import * as View from "../View.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly interval: Duration.Duration
  readonly json: boolean
}

/**
 * Follows every market separately, so that a slow one does not delay the others, and shows all of them once per
 * interval. The first picture waits until every market has prices or has failed, for at most one interval.
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
    const followed = yield* Effect.forEach(connections, (one) => Following.make(one, symbols, interval))

    const show = Effect.gen(function*() {
      const markets = (yield* Effect.forEach(followed, ({ views }) => views)).flat()
      const at = yield* Clock.currentTimeMillis
      yield* draw(
        json
          ? `${View.encode({ at, markets })}\n`
          : [`${headline(input)}\n`, View.render(markets, at, screen.colors), ...Answers.simulation(input)].join("\n")
      )
    })

    const ready = Effect.forEach(followed, ({ first }) => first, { discard: true })
    const showing = Effect.zipRight(
      Concurrent.raceFirst(ready, Effect.sleep(interval)),
      Effect.forever(Effect.zipLeft(show, Effect.sleep(interval)))
    )
    // A defect in one market ends the command: a picture that silently stops updating would be worse.
    return yield* Concurrent.raceFirst(
      showing,
      Effect.zipRight(Concurrent.forEach(followed, ({ run }) => run, { concurrency: "unbounded" }), Effect.never)
    )
  }))

// Longer than the one-minute rate limit window of any exchange, so that calls wait instead of failing.
const patience = "90 seconds"

const headline = ({ environment, faults, interval }: Input): string =>
  `${environment}, faults ${faults}, every ${Duration.format(interval)}; press Ctrl-C to stop`
