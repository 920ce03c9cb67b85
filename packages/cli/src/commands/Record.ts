/**
 * `exchange record`: records responses of exchanges as fixtures that can be replayed.
 *
 * @since 0.1.0
 */
import { Account, type ExchangeError, type ExchangeSymbol, MarketData } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as Recording from "@effect-exchange/testing/Recording"
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { advice } from "../Advice.js"
import * as Connections from "../Connections.js"
import { Incomplete, UsageError } from "../Failure.js"
import * as Options from "../Options.js"
import * as Progress from "../Progress.js"
import * as Quotes from "../Quotes.js"
import * as Registry from "../Registry.js"
import * as Screen from "../Screen.js"
import * as Symbols from "../Symbols.js"
import * as Table from "../Table.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Places {
  readonly symbol: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly account: boolean
  readonly output: string
}

/**
 * Sends every read-only request to each exchange, one after another, and records the responses. Fails with `Incomplete`
 * if a request failed.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  Connections.Network | FileSystem.FileSystem | Path.Path | Screen.Screen
> {
  const screen = yield* Screen.Screen
  const answers = yield* Effect.scoped(Effect.gen(function*() {
    const targets = yield* Effect.forEach(
      yield* open(input),
      (opened) =>
        Effect.map(
          questionsOf(opened, input.symbol.length > 0 ? input.symbol : Symbols.recorded),
          (questions) => ({ ...opened, questions })
        )
    )
    const onProgress = yield* Progress.make(
      targets.reduce((count, { questions }) => count + questions.length, 0),
      `requesting data from ${input.exchange.join(", ")}`
    )
    return yield* Concurrent.forEach(
      targets,
      ({ directory, exchange, questions }) =>
        Effect.forEach(questions, ({ ask, what }) =>
          Effect.gen(function*() {
            const { requests, result } = yield* Quotes.measure(ask)
            yield* onProgress(`${exchange} ${what}`)
            return { exchange, directory, what, requests, result }
          })),
      { concurrency: "unbounded" }
    )
  }))
  const rows = answers.flat()
  const unanswered = rows.flatMap(({ exchange, result, what }) =>
    Either.isLeft(result) ? [{ exchange, what, error: result.left }] : []
  )
  yield* Screen.line(table(rows, screen.colors))
  const remarks = [
    ...unanswered.map(({ error, exchange, what }) => `${exchange} ${what}: ${error.message} ${advice(error)}`),
    `The responses are in ${Array.from(new Set(rows.map(({ directory }) => directory))).join(", ")}.`
  ]
  yield* Screen.line(`\n${remarks.join("\n")}`)
  yield* Screen.note("Next: serve them in a test with Replay.layerDirectory of @effect-exchange/testing.")
  if (unanswered.length > 0) {
    return yield* new Incomplete({ exchanges: Array.from(new Set(unanswered.map(({ exchange }) => exchange))) })
  }
})

interface Opened {
  readonly exchange: string
  readonly directory: string
  readonly market: MarketData.MarketData.Service
  readonly account: Account.Account.Service | undefined
}

const open = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<
  ReadonlyArray<Opened>,
  UsageError,
  Connections.Network | FileSystem.FileSystem | Path.Path | Scope.Scope | Screen.Screen
> {
  const { join } = yield* Path.Path
  const routeTo = yield* Connections.routes(Options.healthy(input))
  const { dialect, layerAccount, layerMarketData } = yield* Registry.registry
  return yield* Effect.forEach(input.exchange, (exchange) =>
    Effect.gen(function*() {
      const { environment, network } = routeTo(exchange)
      const directory = join(input.output, exchange)
      const recording = yield* Layer.build(
        Layer.provideMerge(Recording.layer({ directory }), network)
      ).pipe(Effect.mapBoth({ onFailure: unwritable, onSuccess: Layer.succeedContext }))
      const options = { ...Connections.patience, deadline: "90 seconds", environment } as const
      if (!input.account) {
        const context = yield* build(Layer.provide(layerMarketData(exchange, options), recording))
        return { exchange, directory, market: Context.get(context, MarketData.MarketData), account: undefined }
      }
      const credentials = input.environment === "simulated"
        ? Simulator.credentials(dialect(exchange), "read")
        : undefined
      const context = yield* build(
        Layer.provide(layerAccount(exchange, { ...options, credentials }), recording)
      )
      return {
        exchange,
        directory,
        market: Context.get(context, MarketData.MarketData),
        account: Context.get(context, Account.Account)
      }
    }))
})

const build = <A>(layer: Layer.Layer<A, ConfigError.ConfigError>) =>
  Effect.mapError(Layer.build(layer), Connections.refused)

const unwritable = (error: PlatformError): UsageError =>
  new UsageError({ detail: `The files cannot be written: ${error.message}. Choose another --output.` })

interface Question {
  readonly what: string
  readonly ask: Effect.Effect<unknown, ExchangeError.AccountError>
}

const questionsOf = (
  { account, exchange, market }: Opened,
  symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
): Effect.Effect<ReadonlyArray<Question>> =>
  Effect.map(Effect.all([Clock.currentTimeMillis, Registry.registry]), ([now, { features }]) => [
    { what: "markets", ask: market.markets },
    { what: "server time", ask: market.serverTime },
    { what: "status", ask: market.status },
    { what: "tickers", ask: market.tickers(symbols) },
    ...symbols.flatMap((symbol) => [
      { what: `${symbol} ticker`, ask: market.ticker(symbol) },
      { what: `${symbol} order book`, ask: market.orderBook(symbol) },
      { what: `${symbol} trades`, ask: market.trades(symbol) },
      {
        what: `${symbol} candles of the last hour`,
        ask: Stream.runDrain(market.candles(symbol, "1m", { from: now - 3_600_000 }))
      }
    ]),
    ...account === undefined ? [] : [
      { what: "key permissions", ask: account.keyPermissions },
      { what: "balances", ask: account.balances },
      { what: "open orders", ask: account.openOrders() },
      ...features(exchange).positions ? [{ what: "positions", ask: account.positions }] : [],
      ...symbols.flatMap((symbol) => [
        { what: `${symbol} order history`, ask: account.orderHistory(symbol) },
        { what: `${symbol} fills`, ask: account.fills(symbol) }
      ])
    ]
  ])

interface Row {
  readonly exchange: string
  readonly what: string
  readonly requests: number
  readonly result: Either.Either<unknown, ExchangeError.AccountError>
}

const table = (rows: ReadonlyArray<Row>, colors: boolean): string =>
  Table.render(
    [{ title: "exchange" }, { title: "what" }, { title: "requests", align: "right" }, { title: "answer" }],
    rows.map(({ exchange, requests, result, what }) => [
      exchange,
      what,
      String(requests),
      Either.match(result, {
        onLeft: ({ _tag }): Table.Cell => ({ text: _tag, tone: "bad" }),
        onRight: () => ({ text: "ok", tone: "good" })
      })
    ]),
    colors
  )
