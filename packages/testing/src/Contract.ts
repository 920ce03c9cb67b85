/**
 * What every implementation of `MarketData`, `Account` and `Trading` must do, as numbered cases: one suite for mocks,
 * simulators, testnets and exchanges, so that a program tested on one means the same on another.
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
 * All cases: `MD-` about market data, `AC-` about accounts, `TR-` about trading, `ER-` about orders whose answers are
 * lost, `LM-` about limits.
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
 * Which exchanges the suite may call.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = "off" | "testnet" | "live"

/**
 * `EXCHANGE_CONTRACT` from configuration: `testnet` or `live` to run suites against those, `off` (the default) to run
 * only those that leave no trace outside.
 *
 * @since 0.1.0
 * @category config
 */
export const environment: Config.Config<Environment> = Config.literal("off", "testnet", "live")("EXCHANGE_CONTRACT")
  .pipe(Config.withDefault("off"))

/**
 * An implementation to be judged. Each case builds its Layers anew.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<R, E> {
  readonly name: string
  readonly layer: Layer.Layer<MarketData.MarketData | R, E>
  /** The account to judge as well. Defaults to that of `trading`; without either, the cases about accounts are skipped. */
  readonly account?: Layer.Layer<Account.Account | MarketData.MarketData, E> | undefined
  /**
   * All three capabilities, to judge trading: orders are placed in the first open symbols, at half of what is bid or of
   * twice the least amount, and canceled. Without it the cases about trading are skipped, and with `on: "live"` always.
   */
  readonly trading?: Layer.Layer<MarketData.MarketData | Account.Account | Trading.Trading | R, E> | undefined
  /** What the exchange can do: cases about anything else are skipped, or expect `Unsupported`. Defaults to not known. */
  readonly features?: Adapter.Features | undefined
  /** A view of the wire under the layers. Without one, the cases that need it are skipped and others see less. */
  readonly observer?: Effect.Effect<Observer, never, R> | undefined
  /** What can be made to go wrong under `trading`. Without any, the cases that need it are skipped. */
  readonly faults?: Effect.Effect<Faults, never, R> | undefined
  /**
   * `test` for what lives in memory: time is `TestClock`'s and runs as fast as anything waits for it. `live` for what is
   * reached over sockets.
   */
  readonly clock: "test" | "live"
  /** The environment that `EXCHANGE_CONTRACT` must name for the suite to run. Defaults to none: it always runs. */
  readonly on?: Exclude<Environment, "off"> | undefined
  /** Cases that cannot hold here, by id, each with the reason. */
  readonly skip?: { readonly [id: string]: string } | undefined
  /** Listed symbols to ask for; orders are placed in the first two. Defaults to the first three open markets. */
  readonly symbols?: readonly [string, ...ReadonlyArray<string>] | undefined
  /** A well-formed symbol that is not listed. Defaults to `"NOSUCHCOIN/USDT"`. */
  readonly unknownSymbol?: string | undefined
  /** How far the exchange's clock may be from ours. Defaults to 30 seconds. */
  readonly clockTolerance?: Duration.DurationInput | undefined
  /** How many calls are made at once where many are. Defaults to 50. */
  readonly concurrency?: number | undefined
  /** How long a case may take by its clock; longer breaks the contract. Defaults to 2 minutes. */
  readonly limit?: Duration.DurationInput | undefined
}

/**
 * A case about to be run against an implementation. `skip` is the reason not to, if there is one now.
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
 * The cases as tests of an implementation, for any runner. Those with `clock: "test"` must be run where `TestClock` is.
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
 * As much of `it` of `@effect/vitest` as {@link register} uses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Runner {
  readonly effect: Define
  readonly live: Define
}

/**
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
 * Registers the suite with `it` of `@effect/vitest`. A test that does not run says in its title what would make it run,
 * or why it cannot.
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
      // A little more than the limit, so that what takes too long is said by the case and not by the runner.
      Duration.toMillis(limitOf(options)) + 10_000
    )
  }
}

/**
 * What became of a case. `detail` says why it was skipped, or how it failed.
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
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly name: string
  readonly rows: ReadonlyArray<Row>
}

/**
 * Runs the suite outside of a test runner, one case after another. Whoever asks for it wants it: `EXCHANGE_CONTRACT` is
 * not asked, but with `on: "live"` no order is placed all the same. `onRow` runs after each case.
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
 * A report in Markdown: how many cases passed, and a table of all.
 *
 * @since 0.1.0
 * @category formatting
 */
export const renderReport = ({ name, rows }: Report): string => {
  const count = (result: Row["result"]) => rows.filter((row) => row.result === result).length
  return [
    `# Contract of ${inCell(name)}`,
    "",
    `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped.`,
    "",
    "| case | capability | what | result | detail |",
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

// In a fiber of its own, as the clock of the Layer would stay with the one that built it.
const underTestClock = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.provide(self, TestContext).pipe(Effect.forkScoped, Effect.flatMap(Fiber.await), Effect.scoped)

const detailOf = (error: unknown): string =>
  error instanceof ContractViolation ? error.detail : error instanceof Error ? error.message : String(error)

const limitOf = <R, E>(options: Options<R, E>): Duration.Duration => Duration.decode(options.limit ?? "2 minutes")

const reasonNever = <R, E>(each: ContractCase, options: Options<R, E>): string | undefined => {
  const given = options.skip?.[each.id]
  if (given !== undefined) return given
  if (each.capability === "account" && accountOf(options) === undefined) return "no account was given"
  if (each.capability === "trading") {
    if (options.trading === undefined) return "no trading was given"
    if (options.on === "live") return "no order is placed on a live exchange"
  }
  const missing = each.needs.find((need) => options[need] === undefined)
  if (missing !== undefined) return missing === "observer" ? "no observer was given" : "no faults were given"
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
  const missing = Layer.die("the case is skipped without its Layer")
  switch (each.capability) {
    case "marketData":
      return Effect.provide(
        // Faults are said to be under `trading` alone.
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
        detail: `it took longer than ${Duration.format(limit)}`
      })
  })
  if (options.clock === "live") return timed
  return Effect.zipRight(TestClock.setTime(start), Effect.raceFirst(timed, passing))
}

// Far from zero, where a clock in seconds would look like one in milliseconds, and inside of every interval of candles.
const start = Date.UTC(2026, 0, 1, 12, 34, 56)

const passing = Effect.forever(TestClock.adjust("1 second"))
