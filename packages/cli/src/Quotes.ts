/**
 * Prices from the exchanges, with the effort of getting them.
 *
 * @since 0.1.0
 */
import { Decimal, ExchangeError, ExchangeSymbol, type Health, Market, Telemetry, Ticker } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { among } from "./Advice.js"
import type { Connection } from "./Connections.js"

/**
 * The effort of an operation:
 *
 * - `latencyMillis`: the duration of the whole operation, including retries and waiting
 * - `requests`: the number of requests sent
 * - `retries`: the number of these requests that were retries
 * - `attempts`: the number of attempts of the request with the most attempts: 1 without retries, 0 if nothing was sent
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestStats {
  readonly latencyMillis: number
  readonly attempts: number
  readonly requests: number
  readonly retries: number
}

/**
 * The result of an operation and its effort.
 *
 * @since 0.1.0
 * @category models
 */
export interface Measured<A, E> extends RequestStats {
  readonly result: Either.Either<A, E>
}

/**
 * Runs an operation, and returns its result and its effort whether it succeeds or fails.
 *
 * @since 0.1.0
 * @category combinators
 */
export const measure = <A, E, R>(operation: Effect.Effect<A, E, R>): Effect.Effect<Measured<A, E>, never, R> =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    const began = clock.unsafeCurrentTimeNanos()
    const seen = yield* Ref.make({ attempts: 0, requests: 0, retries: 0 })
    const result = yield* Effect.either(operation).pipe(
      Effect.provideService(
        Telemetry.AttemptObserver,
        ({ attempt }) =>
          Ref.update(seen, ({ attempts, requests, retries }) => ({
            attempts: Math.max(attempts, attempt),
            requests: requests + 1,
            retries: attempt > 1 ? retries + 1 : retries
          }))
      )
    )
    const latencyMillis = Math.round(Number(clock.unsafeCurrentTimeNanos() - began) / 1e6)
    return { result, latencyMillis, ...yield* Ref.get(seen) }
  })

/**
 * The price of one symbol on one exchange. Prices are plain decimals padded to the places of the tick size. `change24h`
 * is a ratio (`0.025` is +2.5 %), and `observedAt` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row extends Schema.Schema.Type<typeof Row> {}

/**
 * The price of one symbol on one exchange.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Row = Schema.Struct({
  exchange: Schema.String,
  symbol: ExchangeSymbol.ExchangeSymbol,
  last: Schema.optional(Schema.String),
  bid: Schema.optional(Schema.String),
  ask: Schema.optional(Schema.String),
  change24h: Schema.optional(Schema.String),
  observedAt: Schema.optional(Schema.Number),
  latencyMillis: Schema.Number,
  attempts: Schema.Number,
  retries: Schema.Number,
  breaker: Schema.String,
  error: Schema.optional(Schema.Struct({ tag: Schema.String, message: Schema.String, advice: Schema.String }))
})

/**
 * Creates the row of a symbol from its ticker or from an error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const row = (
  about: RequestStats & {
    readonly exchange: string
    readonly symbol: ExchangeSymbol.ExchangeSymbol
    readonly breaker: string
    /** The markets of the exchange, if they are known. */
    readonly markets?: ReadonlyArray<Market.Market> | undefined
  },
  result: Either.Either<
    { readonly ticker: Ticker.Ticker; readonly market: Market.Market },
    ExchangeError.MarketDataError
  >
): Row => {
  const { attempts, breaker, exchange, latencyMillis, markets, retries, symbol } = about
  const facts = { latencyMillis, attempts, retries, breaker }
  return Either.match(result, {
    onLeft: (error) => ({
      exchange,
      symbol,
      ...facts,
      error: describe(error, markets)
    }),
    onRight: ({ market, ticker }) => ({
      exchange,
      symbol,
      last: formatPrice(ticker.last, market),
      bid: formatPrice(ticker.bid, market),
      ask: formatPrice(ticker.ask, market),
      change24h: Option.getOrUndefined(
        Option.map(Ticker.change24h(ticker), (change) => Decimal.format(BigDecimal.normalize(change)))
      ),
      observedAt: ticker.at,
      ...facts
    })
  })
}

/**
 * Describes an error, with advice. Suggests a symbol if the markets of the exchange are known.
 *
 * @since 0.1.0
 * @category errors
 */
export const describe = (
  error: ExchangeError.MarketDataError,
  markets: ReadonlyArray<Market.Market> = []
): NonNullable<Row["error"]> => ({
  tag: error._tag,
  message: error.message,
  advice: among(error, markets)
})

/**
 * Reads the tickers of several symbols concurrently, each with its own request, so that each row shows its own effort.
 * The markets are loaded first. If that fails, all rows have its error.
 *
 * `onProgress` is called after each step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gather = Effect.fnUntraced(function*<R>(
  connection: Connection,
  symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>,
  onProgress: (step: string) => Effect.Effect<void, never, R>
): Effect.fn.Return<ReadonlyArray<Row>, never, R> {
  const { exchange, market } = connection
  const markets = yield* measure(market.markets)
  if (Either.isLeft(markets.result)) {
    const { left } = markets.result
    yield* onProgress(`${exchange}: loading the markets failed (${left._tag})`)
    const breaker = breakerIn(yield* connection.health)
    return symbols.map((symbol) => row({ ...markets, exchange, symbol, breaker }, Either.left(left)))
  }
  const listed = markets.result.right
  yield* onProgress(`${exchange} lists ${count(listed.length, "market")}${tries(markets.attempts)}`)
  return yield* Concurrent.forEach(symbols, (symbol) =>
    Effect.gen(function*() {
      const { result, ...effort } = yield* measure(
        Effect.all({ market: market.market(symbol), ticker: market.ticker(symbol) })
      )
      yield* onProgress(
        Either.match(result, {
          onLeft: (error) => `${exchange} ${symbol} failed (${error._tag})${tries(effort.attempts)}`,
          onRight: () => `${exchange} ${symbol}${tries(effort.attempts)}`
        })
      )
      return row({ ...effort, exchange, symbol, breaker: breakerIn(yield* connection.health), markets: listed }, result)
    }), { concurrency: "unbounded" })
})

/**
 * Reads the tickers of several symbols in as few requests as the exchange allows, so that polling stays within its rate
 * limit. All rows show the total effort.
 *
 * @since 0.1.0
 * @category constructors
 */
export const snapshot = Effect.fnUntraced(function*(
  { exchange, health, market }: Connection,
  symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
): Effect.fn.Return<RequestStats & { readonly rows: ReadonlyArray<Row>; readonly health: Health.ExchangeHealth }> {
  const { result, ...effort } = yield* measure(Effect.gen(function*() {
    const listed = new Map((yield* market.markets).map((market) => [market.symbol, market]))
    const tickers = yield* market.tickers(symbols.filter((symbol) => listed.has(symbol)))
    return { listed, tickers: new Map(tickers.map((ticker) => [ticker.symbol, ticker])) }
  }))
  const after = yield* health
  const markets = Either.match(result, { onLeft: () => [], onRight: ({ listed }) => [...listed.values()] })
  const rows = yield* Effect.forEach(symbols, (symbol) =>
    Effect.map(
      Effect.either(Effect.flatMap(result, ({ listed, tickers }) => {
        const [known, ticker] = [listed.get(symbol), tickers.get(symbol)]
        if (known !== undefined && ticker !== undefined) return Effect.succeed({ market: known, ticker })
        const detail = `the exchange returned no ticker for ${symbol}`
        return Effect.flatMap(market.market(symbol), () =>
          new ExchangeError.MalformedResponse({ exchange, operation: "tickers", detail }))
      })),
      (found) =>
        row({ ...effort, exchange, symbol, breaker: breakerIn(after), markets }, found)
    ))
  return { ...effort, rows, health: after }
})

/**
 * Returns the state of the circuit breaker for the exchange's public data.
 *
 * @since 0.1.0
 * @category getters
 */
export const breakerIn = ({ breakers }: Health.ExchangeHealth): string =>
  breakers.find(({ capability }) => capability === "marketData")?.state ?? "unknown"

/**
 * Formats a price with at least the decimal places of the tick size, and more only where they are not zero.
 *
 * @since 0.1.0
 * @category formatting
 */
export const formatPrice = (
  price: BigDecimal.BigDecimal | undefined,
  market: Market.TickSizes
): string | undefined => {
  if (price === undefined) return undefined
  const shortest = BigDecimal.normalize(price)
  const tickSize = Market.tickSizeAt(market, price)
  const places = tickSize === undefined ? 0 : BigDecimal.normalize(tickSize).scale
  return Decimal.format(BigDecimal.scale(shortest, Math.max(shortest.scale, places, 0)))
}

/**
 * Formats a number with a noun, which gets a plural `s` unless the number is 1.
 *
 * @since 0.1.0
 * @category formatting
 */
export const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`

const tries = (attempts: number): string => attempts > 1 ? ` after ${attempts} attempts` : ""

/**
 * Returns how much of the most used rate limit is used, from 0 to 1.
 *
 * @since 0.1.0
 * @category getters
 */
export const limitUsed = ({ limits }: Health.ExchangeHealth): number => Math.max(0, ...limits.map(({ used }) => used))
