/**
 * What every implementation of `MarketData` and `Account` must do, as numbered cases: one suite for mocks, simulators,
 * testnets and exchanges, so that a program tested on one means the same on another.
 *
 * @example
 * import { Contract, Mock } from "@effect-exchange/testing"
 * import { it } from "@effect/vitest"
 *
 * Contract.register(it, {
 *   name: "my mock",
 *   layer: Mock.layer({ "BTC/USDT": { last: "64000.5" } }),
 *   account: Mock.layerAccount({ balances: { BTC: { free: "1" } } }),
 *   clock: "test"
 * })
 *
 * @since 0.1.0
 */
import type * as Account from "@effect-exchange/core/Account"
import type * as MarketData from "@effect-exchange/core/MarketData"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { type ContractCase, ContractViolation, type Observer, type Subject } from "./ContractCase.js"
import { accountCases } from "./internal/accountCases.js"
import { marketDataCases } from "./internal/marketDataCases.js"

/**
 * All cases: `MD-01` and on about market data, `AC-01` and on about accounts.
 *
 * @since 0.1.0
 * @category cases
 */
export const cases: ReadonlyArray<ContractCase> = [...marketDataCases, ...accountCases]

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
  /** The account to judge as well. Without one, the cases about accounts are skipped. */
  readonly account?: Layer.Layer<Account.Account, E> | undefined
  /** A view of the wire under `layer`. Without one, the cases that need it are skipped and others see less. */
  readonly observer?: Effect.Effect<Observer, never, R> | undefined
  /**
   * `test` for what lives in memory: time is `TestClock`'s and runs as fast as anything waits for it. `live` for what is
   * reached over sockets.
   */
  readonly clock: "test" | "live"
  /** The environment that `EXCHANGE_CONTRACT` must name for the suite to run. Defaults to none: it always runs. */
  readonly on?: Exclude<Environment, "off"> | undefined
  /** Cases that cannot hold here, by id, each with the reason. */
  readonly skip?: { readonly [id: string]: string } | undefined
  /** Listed symbols to ask for. Defaults to the first three open markets. */
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

const limitOf = <R, E>(options: Options<R, E>): Duration.Duration => Duration.decode(options.limit ?? "2 minutes")

const reasonNever = <R, E>(each: ContractCase, options: Options<R, E>): string | undefined => {
  const given = options.skip?.[each.id]
  if (given !== undefined) return given
  if (each.capability === "account" && options.account === undefined) return "no account was given"
  return each.needs.includes("observer") && options.observer === undefined ? "no observer was given" : undefined
}

const reasonNow = (
  on: Exclude<Environment, "off"> | undefined
): Effect.Effect<Option.Option<string>, ConfigError.ConfigError> =>
  on === undefined
    ? Effect.succeedNone
    : Effect.map(
      environment,
      (now) => now === on ? Option.none() : Option.some(`EXCHANGE_CONTRACT is ${now}; set it to ${on} to run this`)
    )

const runOf = <R, E>(each: ContractCase, options: Options<R, E>): Effect.Effect<void, ContractViolation | E> => {
  const subject: Subject = {
    name: options.name,
    symbols: options.symbols,
    unknownSymbol: options.unknownSymbol ?? "NOSUCHCOIN/USDT",
    clockTolerance: Duration.decode(options.clockTolerance ?? "30 seconds"),
    concurrency: options.concurrency ?? 50,
    observer: undefined
  }
  if (each.capability === "account") {
    return Effect.provide(each.run(subject), options.account ?? Layer.die("the case is skipped without an account"))
  }
  const { observer } = options
  const run = observer === undefined
    ? each.run(subject)
    : Effect.flatMap(observer, (observer) => each.run({ ...subject, observer }))
  return Effect.provide(run, options.layer)
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

// Far from zero, where a clock in seconds would look like one in milliseconds.
const start = Date.UTC(2026, 0, 1)

const passing = Effect.forever(TestClock.adjust("1 second"))
