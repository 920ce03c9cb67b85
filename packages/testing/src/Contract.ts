/**
 * The contract of `MarketData`, `Account` and `Trading` as numbered test cases. One suite tests mocks, simulators,
 * testnets and exchanges, so that a program tested on one of them behaves the same on another.
 *
 * @example
 * import { Contract, Mock } from "@effect-exchange/testing"
 * import { it } from "@effect/vitest"
 *
 * Contract.register(it, {
 *   name: "my mock",
 *   layer: Mock.layer({ "BTC/USDT": { last: "64000.5" } }),
 *   trading: Mock.layerTrading({ "BTC/USDT": { last: "64000.5" } }, { balances: { USDT: { free: "10000" } } }),
 *   features: Mock.features,
 *   clock: "test"
 * })
 *
 * @since 0.1.0
 */
import type { Account, MarketData, Trading } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as TestClock from "effect/TestClock"
import { type ContractCase, ContractViolation, type Faults, type Observer, type Subject } from "./ContractCase.js"
import { accountCases } from "./internal/accountCases.js"
import { bookCases, limitCases } from "./internal/bookCases.js"
import { candleCases } from "./internal/candleCases.js"
import { changingCases, errorCases, tradingLimitCases } from "./internal/changingCases.js"
import { endingCases } from "./internal/endingCases.js"
import { accountFeedCases, feedCases, tradingFeedCases } from "./internal/feedCases.js"
import { fillingCases } from "./internal/fillingCases.js"
import { marketDataCases } from "./internal/marketDataCases.js"
import { TestContext } from "./internal/testContext.js"
import { tradingCases } from "./internal/tradingCases.js"

/**
 * All cases, by the prefix of their ids:
 *
 * - `MD-`: market data.
 * - `AC-`: accounts.
 * - `TR-`: trading.
 * - `FD-`: live feeds.
 * - `ER-`: orders whose responses are lost.
 * - `LM-`: rate limits.
 *
 * @since 0.1.0
 * @category cases
 */
export const cases: ReadonlyArray<ContractCase> = [
  ...marketDataCases,
  ...bookCases,
  ...candleCases,
  ...accountCases,
  ...Arr.sortWith([...tradingCases, ...fillingCases, ...changingCases], ({ id }) => id, Order.string),
  ...errorCases,
  ...endingCases,
  ...feedCases,
  ...accountFeedCases,
  ...tradingFeedCases,
  ...limitCases,
  ...tradingLimitCases
]

/**
 * The external exchanges that the suite may call.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = "off" | "testnet" | "live"

/**
 * Reads `EXCHANGE_CONTRACT` from the configuration. `testnet` and `live` run the suites for that environment. `off`,
 * the default, runs only suites without external effects.
 *
 * @since 0.1.0
 * @category config
 */
export const environment: Config.Config<Environment> = Config.literal("off", "testnet", "live")("EXCHANGE_CONTRACT")
  .pipe(Config.withDefault("off"))

/**
 * An implementation to test. Each case builds its Layers again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<R, E> {
  readonly name: string
  readonly layer: Layer.Layer<MarketData.MarketData | R, E>
  /**
   * The account to test as well. Defaults to the account of `trading`. Without either, the account cases are skipped.
   */
  readonly account?: Layer.Layer<Account.Account | MarketData.MarketData, E> | undefined
  /**
   * All three capabilities, to test trading. The cases place orders in the first open symbols, at half of the bid and
   * for twice the minimum amount, and cancel them. The trading cases are skipped without this option, and always with
   * `on: "live"`.
   */
  readonly trading?: Layer.Layer<MarketData.MarketData | Account.Account | Trading.Trading | R, E> | undefined
  /**
   * The features of the exchange. Cases about other features are skipped, or expect `Unsupported`. Defaults to unknown.
   */
  readonly features?: Adapter.Features | undefined
  /** A view of the requests under the layers. Without it, the cases that need it are skipped, and others check less. */
  readonly observer?: Effect.Effect<Observer, never, R> | undefined
  /** Faults that the suite can cause under `trading`. Without them, the cases that need faults are skipped. */
  readonly faults?: Effect.Effect<Faults, never, R> | undefined
  /**
   * `test` for implementations in memory: time is that of `TestClock`, which advances as fast as fibers wait for it.
   * `live` for implementations that are reached over sockets.
   */
  readonly clock: "test" | "live"
  /** The environment that `EXCHANGE_CONTRACT` must name for the suite to run. By default the suite always runs. */
  readonly on?: Exclude<Environment, "off"> | undefined
  /** Cases that this implementation cannot satisfy: the reason for each, by case id. */
  readonly skip?: { readonly [id: string]: string } | undefined
  /** Listed symbols to use. Orders are placed in the first two. Defaults to the first three open markets. */
  readonly symbols?: readonly [string, ...ReadonlyArray<string>] | undefined
  /** A well-formed symbol that is not listed. Defaults to `"NOSUCHCOIN/USDT"`. */
  readonly unknownSymbol?: string | undefined
  /** The largest allowed difference between the exchange's clock and ours. Defaults to 30 seconds. */
  readonly clockTolerance?: Duration.DurationInput | undefined
  /** The number of concurrent calls in cases that make many. Defaults to 50. */
  readonly concurrency?: number | undefined
  /**
   * The longest time that a case may take, by its clock. A case that takes longer violates the contract. Defaults to 2
   * minutes.
   */
  readonly limit?: Duration.DurationInput | undefined
}

/**
 * A case that is ready to run against an implementation. `skip` returns the reason to skip it at present, if there is
 * one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Test<E> {
  readonly id: string
  readonly title: string
  readonly skip: Effect.Effect<Option.Option<string>, ConfigError.ConfigError>
  readonly run: Effect.Effect<void, ContractViolation | E>
}

/**
 * Returns the cases as tests of an implementation, for any test runner. Tests with `clock: "test"` must run with
 * `TestClock`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const suite = <R, E>(options: Options<R, E>): ReadonlyArray<Test<E>> =>
  cases.map((each) => {
    const never = reasonNever(each, options)
    const title = `${options.name} ${each.id} ${each.title}`
    const reason = never ?? (options.on === undefined ? undefined : `runs when EXCHANGE_CONTRACT=${options.on}`)
    return {
      id: each.id,
      title: reason === undefined ? title : `${title} (${never === undefined ? reason : `skipped: ${never}`})`,
      skip: never === undefined ? reasonNow(options.on) : Effect.succeedSome(never),
      run: within(each, options, runOf(each, options))
    }
  })

/**
 * The part of `it` of `@effect/vitest` that {@link register} uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Runner {
  readonly effect: Define
  readonly live: Define
}

/**
 * Defines one test. The timeout is in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Define {
  <E>(
    title: string,
    test: (context: { readonly skip: (reason?: string) => void }) => Effect.Effect<void, E>,
    timeout: number
  ): void
}

/**
 * Registers the suite with `it` of `@effect/vitest`. The title of a skipped test says how to make it run, or why it
 * cannot run.
 *
 * @since 0.1.0
 * @category runners
 */
export const register = <R, E>(it: Runner, options: Options<R, E>): void => {
  const define = options.clock === "live" ? it.live : it.effect
  for (const test of suite(options)) {
    define(
      test.title,
      (context) =>
        Effect.flatMap(
          test.skip,
          Option.match({
            onNone: (): Effect.Effect<void, ContractViolation | E> => test.run,
            onSome: (reason) => Effect.sync(() => context.skip(reason))
          })
        ),
      // Slightly more than the limit, so that the case reports a timeout before the runner does.
      Duration.toMillis(limitOf(options)) + 10_000
    )
  }
}

/**
 * The result of a case. `detail` is the reason why it was skipped or failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  readonly id: string
  readonly title: string
  readonly capability: ContractCase["capability"]
  readonly result: "passed" | "failed" | "skipped"
  readonly detail: string
}

/**
 * The results of a suite.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly name: string
  readonly rows: ReadonlyArray<Row>
}

/**
 * Runs the suite without a test runner, one case after another. It ignores `EXCHANGE_CONTRACT`, because a call is
 * deliberate, but places no orders with `on: "live"`. `onRow` runs after each case.
 *
 * @since 0.1.0
 * @category runners
 */
export const report = <R, E>(
  options: Options<R, E>,
  onRow: (row: Row) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<Report> =>
  Effect.map(
    Effect.forEach(cases, (each) => Effect.tap(rowOf(each, options), onRow)),
    (rows) => ({ name: options.name, rows })
  )

/**
 * Renders a report as Markdown: the number of passed cases and a table of all cases.
 *
 * @since 0.1.0
 * @category formatting
 */
export const renderReport = ({ name, rows }: Report): string => {
  const count = (result: Row["result"]) => rows.filter((row) => row.result === result).length
  return [
    `# Contract report of ${inCell(name)}`,
    "",
    `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped.`,
    "",
    "| case | capability | requirement | result | detail |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(({ capability, detail, id, result, title }) =>
      `| ${[id, capability, title, result, detail].map(inCell).join(" | ")} |`
    ),
    ""
  ].join("\n")
}

const inCell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|")

const rowOf = <R, E>(each: ContractCase, options: Options<R, E>): Effect.Effect<Row> => {
  const row = { id: each.id, title: each.title, capability: each.capability }
  const never = reasonNever(each, options)
  if (never !== undefined) return Effect.succeed({ ...row, result: "skipped", detail: never })
  const run = within(each, options, runOf(each, options))
  return Effect.map(
    options.clock === "live" ? Effect.exit(run) : underTestClock(run),
    Exit.match({
      onSuccess: (): Row => ({ ...row, result: "passed", detail: "" }),
      onFailure: (cause) => ({ ...row, result: "failed", detail: detailOf(Cause.squash(cause)) })
    })
  )
}

// Runs in its own fiber: providing the Layer replaces the clock of the fiber that builds it.
const underTestClock = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.provide(self, TestContext).pipe(Effect.forkScoped, Effect.flatMap(Fiber.await), Effect.scoped)

const detailOf = (error: unknown): string =>
  error instanceof ContractViolation ? error.detail : error instanceof Error ? error.message : String(error)

const limitOf = <R, E>(options: Options<R, E>): Duration.Duration => Duration.decode(options.limit ?? "2 minutes")

const reasonNever = <R, E>(each: ContractCase, options: Options<R, E>): string | undefined => {
  const given = options.skip?.[each.id]
  if (given !== undefined) return given
  if (each.capability === "account" && accountOf(options) === undefined) {
    return "needs the account or the trading option"
  }
  if (each.capability === "trading") {
    if (options.trading === undefined) return "needs the trading option"
    if (options.on === "live") return "orders are not placed on a live exchange"
  }
  const missing = each.needs.find((need) => options[need] === undefined)
  if (missing !== undefined) return missing === "observer" ? "needs the observer option" : "needs the faults option"
  return options.features === undefined ? undefined : each.skipWhen?.(options.features)
}

const accountOf = <R, E>(
  { account, trading }: Options<R, E>
): Layer.Layer<Account.Account | MarketData.MarketData, E> | undefined => account ?? trading

const reasonNow = (
  on: Exclude<Environment, "off"> | undefined
): Effect.Effect<Option.Option<string>, ConfigError.ConfigError> =>
  on === undefined
    ? Effect.succeedNone
    : Effect.map(
      environment,
      (now) => now === on ? Option.none() : Option.some(`EXCHANGE_CONTRACT is ${now}; set it to ${on} to run this`)
    )

const nothing: Effect.Effect<undefined> = Effect.sync(() => undefined)

const runOf = <R, E>(each: ContractCase, options: Options<R, E>): Effect.Effect<void, ContractViolation | E> => {
  const subject: Subject = {
    name: options.name,
    symbols: options.symbols,
    unknownSymbol: options.unknownSymbol ?? "NOSUCHCOIN/USDT",
    clockTolerance: Duration.decode(options.clockTolerance ?? "30 seconds"),
    concurrency: options.concurrency ?? 50,
    features: options.features,
    observer: undefined,
    faults: undefined
  }
  const observer: Effect.Effect<Observer | undefined, never, R> = options.observer ?? nothing
  const faults: Effect.Effect<Faults | undefined, never, R> = options.faults ?? nothing
  const missing = Layer.die("a case ran without the layer that it needs")
  switch (each.capability) {
    case "marketData":
      return Effect.provide(
        // The faults apply under `trading` only.
        Effect.flatMap(observer, (observer) => each.run({ ...subject, observer })),
        options.layer
      )
    case "account":
      return Effect.provide(each.run(subject), accountOf(options) ?? missing)
    case "trading":
      return Effect.provide(
        Effect.flatMap(Effect.all({ observer, faults }), (equipment) => each.run({ ...subject, ...equipment })),
        options.trading ?? missing
      )
  }
}

const within = <R, E>(
  each: ContractCase,
  options: Options<R, E>,
  run: Effect.Effect<void, ContractViolation | E>
): Effect.Effect<void, ContractViolation | E> => {
  const limit = limitOf(options)
  const timed = Effect.timeoutFail(run, {
    duration: limit,
    onTimeout: () =>
      new ContractViolation({
        subject: options.name,
        case: each.id,
        title: each.title,
        detail: `the case took longer than ${Duration.format(limit)}`
      })
  })
  if (options.clock === "live") return timed
  return Effect.zipRight(TestClock.setTime(start), Effect.raceFirst(timed, passing))
}

// Far from zero, where seconds could be mistaken for milliseconds, and in the middle of every candle interval.
const start = Date.UTC(2026, 0, 1, 12, 34, 56)

const passing = Effect.forever(TestClock.adjust("1 second"))
