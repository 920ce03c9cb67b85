/**
 * The handlers of {@link Api.Api}.
 *
 * @since 0.1.0
 */
import { Decimal, type ExchangeError, Health, Price } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Api from "./Api.js"
import * as Problem from "./Problem.js"
import { type Priced, Sources } from "./Sources.js"

/** Turns the error of an exchange into a problem. */
const failWithProblem = <A, R>(
  self: Effect.Effect<A, ExchangeError.MarketDataError | Problem.Problem, R>
): Effect.Effect<A, Problem.Problem, R> =>
  Effect.catchAll(self, (error) =>
    "_tag" in error
      ? Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.fail(Problem.fromError(error, now)))
      : Effect.fail(error))

const symbolOf = ({ base, quote }: { readonly base: string; readonly quote: string }): string => `${base}/${quote}`

/**
 * Responds with a JSON body that caches may keep for a second. `age` is the age of the data in milliseconds. A response
 * to a request with a token is private to its client.
 */
const respond = (
  body: string,
  { age, tag }: { readonly age: number; readonly tag: string }
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const etag = `W/"${tag}"`
    const cacheHeaders = {
      etag,
      "age": String(Math.floor(age / 1000)),
      "cache-control": `${headers["authorization"] === undefined ? "public" : "private"}, max-age=${
        Math.floor(age / 1000) + 1
      }`,
      "vary": "authorization"
    }
    const isUnchanged = headers["if-none-match"]?.split(",").some((one) => one.trim() === etag) === true
    return isUnchanged
      ? HttpServerResponse.empty({ status: 304, headers: cacheHeaders })
      : HttpServerResponse.text(body, { contentType: "application/json", headers: cacheHeaders })
  })

/** Responds with data that is current and has no timestamp of its own. */
const fresh = (body: string) => respond(body, { age: 0, tag: tagOf(Hash.string(body)) })

const ageOf = (at: number, now: number): number => Math.max(0, now - at)

const encodePrice = Schema.encodeSync(Price.Price)

// Many requests get the same price while it is shared, and encoding it costs as much as the rest of the response.
const encoded = new WeakMap<Price.Price, { readonly head: string; readonly sources: (now: number) => string }>()

const encodeParts = (price: Price.Price) => {
  const { sources, ...rest } = encodePrice(price)
  const entry = {
    head: JSON.stringify(rest).slice(0, -1),
    sources: (now: number) =>
      sources === undefined
        ? ""
        : `,"sources":${JSON.stringify(sources.map((one) => ({ ...one, ageMillis: ageOf(one.observedAt, now) })))}`
  }
  encoded.set(price, entry)
  return entry
}

/** Encodes an {@link Api.PriceDocument}. */
const documentOf = ({ isStale, price }: Priced, now: number): string => {
  const { head, sources } = encoded.get(price) ?? encodeParts(price)
  return `${head}${sources(now)},"ageMillis":${ageOf(price.observedAt, now)},"isStale":${isStale}}`
}

const encodeTickers = Schema.encodeSync(Schema.parseJson(Api.TickersDocument))
const encodeCandles = Schema.encodeSync(Schema.parseJson(Api.CandlesDocument))
const encodeExchanges = Schema.encodeSync(Schema.parseJson(Api.ExchangesDocument))
const encodeBook = Schema.encodeSync(Schema.parseJson(Api.BookDocument))

/** Builds an ETag from the values that the response depends on. */
const tagOf = (...parts: ReadonlyArray<string | number>): string =>
  parts.map((part) => encodeURIComponent(part)).join("-")

const prices = HttpApiBuilder.group(
  Api.Api,
  "prices",
  (handlers) =>
    Effect.map(
      Sources,
      ({ price }) =>
        handlers.handle("price", ({ path, urlParams: { maxStale, source } }) =>
          Effect.gen(function*() {
            const found = yield* price(
              source,
              symbolOf(path),
              maxStale === undefined ? undefined : Duration.seconds(maxStale)
            )
            const now = yield* Clock.currentTimeMillis
            const { isStale, price: { amount, observedAt, source: by } } = found
            const age = ageOf(observedAt, now)
            return yield* respond(documentOf(found, now), {
              age,
              tag: tagOf(by, Decimal.format(amount), observedAt, isStale ? "stale" : "new")
            })
          }).pipe(failWithProblem))
    )
)

const market = HttpApiBuilder.group(Api.Api, "market", (handlers) =>
  Effect.gen(function*() {
    const { candles, exchanges, market } = yield* Sources
    const { report } = yield* Health.Health

    /** Reads the tickers of one exchange. Each is a ticker, or the problem that prevented it. */
    const tickersOf = (exchange: Api.ExchangeId, symbols: ReadonlyArray<string>) =>
      Effect.flatMap(market(exchange), (found) =>
        Concurrent.forEach(symbols, (symbol) =>
          Effect.either(failWithProblem(found.ticker(symbol))), { concurrency: 8 }))

    return handlers
      .handle("tickers", ({ urlParams: { exchange, symbols } }) =>
        Effect.gen(function*() {
          const requested = exchange === undefined ? exchanges : [exchange]
          const all = (yield* Concurrent.forEach(requested, (id) =>
            tickersOf(id, symbols), { concurrency: "unbounded" })).flat()
          const tickers = all.flatMap((one) =>
            Either.isRight(one) ? [one.right] : []
          )
          const problems = all.flatMap((one) =>
            Either.isLeft(one) ? [one.left] : []
          )
          const [first] = problems
          // If every ticker failed, the first problem is the response.
          if (tickers.length === 0 && first !== undefined) return yield* Effect.fail(first)
          const now = yield* Clock.currentTimeMillis
          const age = Math.max(...tickers.map(({ at }) => ageOf(at, now)))
          const body = encodeTickers({ tickers, problems })
          const tag = tagOf(now - age, tickers.length, Hash.string(body))
          return yield* respond(body, { age, tag })
        }))
      .handle("book", ({ path, urlParams: { depth } }) =>
        Effect.gen(function*() {
          const { orderBook } = yield* market(path.exchange)
          const book = yield* orderBook(symbolOf(path), { depth })
          const now = yield* Clock.currentTimeMillis
          const whole = { ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) }
          const body = encodeBook(whole)
          return yield* respond(body, { age: ageOf(book.at, now), tag: tagOf(book.at, Hash.string(body)) })
        }).pipe(failWithProblem))
      .handle("candles", ({ path, urlParams: { from, interval, limit, to } }) =>
        Effect.flatMap(
          failWithProblem(candles(path.exchange, symbolOf(path), interval, { from, limit, to })),
          (found) => fresh(encodeCandles(found))
        ))
      .handle("exchanges", () =>
        Effect.gen(function*() {
          const all = yield* report
          const served = yield* Effect.forEach(exchanges, (exchange) =>
            Effect.map(market(exchange), (found) => {
              // The reports are under the exchange's own name, which may differ from the id that it is served under.
              const known = all.exchanges.find((one) => one.exchange === found.exchange)
              return {
                exchange,
                ...known === undefined ? {} : { environment: known.environment },
                status: known?.status ?? "warn" as const,
                ...known?.reason === undefined ? {} : { reason: known.reason }
              }
            }))
          return yield* fresh(encodeExchanges({ status: all.status, exchanges: served }))
        }))
  }))

/**
 * Creates a Layer of all handlers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = Layer.merge(prices, market)
