/**
 * The HTTP API of the service as data, from which the handlers, the OpenAPI document and the client are derived.
 *
 * @since 0.1.0
 */
import { Candle, ExchangeSymbol, Health, OrderBook, Price, Ticker } from "@effect-exchange/core"
import type * as Exchanges from "@effect-exchange/exchanges/ExchangeId"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { correctDocument } from "./internal/openApi.js"
import * as Problem from "./Problem.js"

const millis = Schema.NonNegativeInt

/**
 * The id under which the service serves an exchange: that of an exchange of this library, or any other.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeId = Exchanges.ExchangeId | (string & {})

/**
 * The schema of an id: a letter, then letters, digits, `-` and `_`. Whether the service serves such an exchange is
 * known only to its sources.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeId: Schema.Schema<ExchangeId, string> = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/)
).annotations({
  description: "An exchange of `/v1/exchanges`, such as `kraken`.",
  message: () => ({ message: "expected the id of an exchange, such as kraken", override: true })
})

/**
 * A price as the service returns it. `observedAt` is the instant the price refers to. `ageMillis` is its age by the
 * clock of the service. `isStale` is `true` only if the request allowed a stale price with `maxStale`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PriceDocument = Schema.Struct({
  ...Price.Price.fields,
  sources: Schema.optional(Schema.Array(Schema.Struct({ ...Price.Source.fields, ageMillis: millis }))),
  ageMillis: millis,
  isStale: Schema.Boolean
}).annotations({ identifier: "Price" })

/**
 * A price as the service returns it.
 *
 * @since 0.1.0
 * @category models
 */
export interface PriceDocument extends Schema.Schema.Type<typeof PriceDocument> {}

/**
 * The requested tickers that are available, and a problem for each of the others.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TickersDocument = Schema.Struct({
  tickers: Schema.Array(Ticker.Ticker),
  problems: Schema.Array(Problem.Problem)
}).annotations({ identifier: "Tickers" })

/**
 * An order book as the service returns it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BookDocument = OrderBook.OrderBook.annotations({ identifier: "OrderBook" })

/**
 * Candles, oldest first. If more candles follow, `next` is the `from` of the next request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CandlesDocument = Schema.Struct({
  candles: Schema.Array(Candle.Candle),
  next: Schema.optional(millis)
}).annotations({ identifier: "Candles" })

/**
 * The exchanges that the service uses, and the environment and the health of each.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExchangesDocument = Schema.Struct({
  status: Health.Status,
  exchanges: Schema.Array(Schema.Struct({
    exchange: ExchangeId,
    environment: Schema.optional(Schema.String),
    status: Health.Status,
    reason: Schema.optional(Schema.String)
  }))
}).annotations({ identifier: "Exchanges" })

const whole = (least: number, most: number) => Schema.NumberFromString.pipe(Schema.int(), Schema.between(least, most))

/** An integer query parameter with a default. */
const count = (least: number, most: number, otherwise: number) =>
  Schema.optionalWith(whole(least, most), { default: () => otherwise })

const instant = Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())

/** The maximum number of symbols in one request. */
const mostSymbols = 50

/**
 * A comma-separated list of 1 to 50 symbols.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Symbols = Schema.compose(Schema.split(","), Schema.Array(ExchangeSymbol.ExchangeSymbol)).pipe(
  Schema.minItems(1, { message: () => "give at least one symbol" }),
  Schema.maxItems(mostSymbols, { message: () => `give at most ${mostSymbols} symbols` })
)

/** The base and the quote of a symbol as they appear in a path: `BTC/USDT`, or `BTC/USD:BTC` for a contract. */
const Pair = Schema.Struct({ base: Schema.NonEmptyString, quote: Schema.NonEmptyString })

/**
 * The source of a price: the first exchange that can serve it (`failover`), the median of all exchanges (`median`), or
 * one exchange.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Source: Schema.Schema<Source, string> = ExchangeId.annotations({
  description: "`failover`, `median`, or an exchange of `/v1/exchanges`, such as `kraken`.",
  message: () => ({ message: "expected failover, median, or the id of an exchange, such as kraken", override: true })
})

/**
 * The source of a price.
 *
 * @since 0.1.0
 * @category models
 */
export type Source = "failover" | "median" | ExchangeId

const prices = HttpApiGroup.make("prices")
  .add(
    HttpApiEndpoint.get("price", "/v1/prices/:base/:quote")
      .setPath(Pair)
      .setUrlParams(Schema.Struct({
        source: Schema.optionalWith(Source, { default: () => "failover" }),
        maxStale: Schema.optional(
          whole(1, 86_400).annotations({
            description:
              "If no current price is available, allows one that is at most this many seconds old and marks it with `isStale`."
          })
        )
      }))
      .addSuccess(PriceDocument)
      .annotate(OpenApi.Description, "The price of one unit of the base currency, and its sources.")
  )

const market = HttpApiGroup.make("market")
  .add(
    HttpApiEndpoint.get("tickers", "/v1/tickers")
      .setUrlParams(Schema.Struct({
        symbols: Symbols,
        exchange: Schema.optional(ExchangeId)
      }))
      .addSuccess(TickersDocument)
      .annotate(OpenApi.Description, "The tickers of the given symbols, from one exchange or from all.")
  )
  .add(
    HttpApiEndpoint.get("book", "/v1/books/:exchange/:base/:quote")
      .setPath(Schema.Struct({ exchange: ExchangeId, ...Pair.fields }))
      .setUrlParams(Schema.Struct({ depth: count(1, 1000, 20) }))
      .addSuccess(BookDocument)
      .annotate(OpenApi.Description, "The levels of an order book, best price first on each side.")
  )
  .add(
    HttpApiEndpoint.get("candles", "/v1/candles/:exchange/:base/:quote")
      .setPath(Schema.Struct({ exchange: ExchangeId, ...Pair.fields }))
      .setUrlParams(Schema.Struct({
        interval: Schema.optionalWith(Candle.Interval, { default: () => "1h" }),
        from: instant,
        to: Schema.optional(instant),
        limit: count(1, 1000, 500)
      }))
      .addSuccess(CandlesDocument)
      .annotate(
        OpenApi.Description,
        "The candles that open at or after `from` and before `to`, both in epoch milliseconds."
      )
  )
  .add(
    HttpApiEndpoint.get("exchanges", "/v1/exchanges")
      .addSuccess(ExchangesDocument)
      .annotate(
        OpenApi.Description,
        "The exchanges that this service uses, and the environment and the health of each."
      )
  )

/**
 * The API of the service. Every endpoint can fail with every problem.
 *
 * @since 0.1.0
 * @category api
 */
export const Api = HttpApi.make("effect-exchange")
  .add(prices)
  .add(market)
  .addError(Problem.kinds[400])
  .addError(Problem.kinds[401])
  .addError(Problem.kinds[404])
  .addError(Problem.kinds[405])
  .addError(Problem.kinds[410])
  .addError(Problem.kinds[413])
  .addError(Problem.kinds[429])
  .addError(Problem.kinds[500])
  .addError(Problem.kinds[501])
  .addError(Problem.kinds[502])
  .addError(Problem.kinds[503])
  .addError(Problem.kinds[504])
  .annotate(OpenApi.Transform, correctDocument)
  .annotate(OpenApi.Title, "Prices of crypto exchanges")
  .annotate(OpenApi.Version, "1")
  .annotate(
    OpenApi.Description,
    "Prices, tickers, order books and candles. Amounts are decimal strings, and times are epoch milliseconds. The header `exchange-environment` of each response to an admitted request names the environment of the exchanges, such as `live` or `simulated`. "
      + "`GET /v1/stream` streams prices and the state of the exchanges as Server-Sent Events."
  )
