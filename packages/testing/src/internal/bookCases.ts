import { type ExchangeError, ExchangeStatus, type MarketData, OrderBook, Trade } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { MarketDataCase } from "../ContractCase.js"
import { about, defineMarketData as define, first, symbolsOf } from "./defineCase.js"
import { type Broken, ensure, fits, noAnswer, refused, unique } from "./judging.js"

type Service = MarketData.MarketData.Service

const each = (
  levels: ReadonlyArray<OrderBook.Level>,
  isBetter: (one: BigDecimal.BigDecimal, other: BigDecimal.BigDecimal) => boolean
): boolean => levels.every(({ price }, index) => index === 0 || isBetter(levels[index - 1]?.price ?? price, price))

const checkBook = (service: Service, symbol: string, book: OrderBook.OrderBook): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(OrderBook.OrderBook, `the order book of ${symbol}`, book)
    yield* ensure(
      book.symbol === symbol && book.exchange === service.exchange,
      () => `the order book of ${symbol} on ${service.exchange} is labeled ${book.symbol} on ${book.exchange}`
    )
    yield* ensure(
      [...book.bids, ...book.asks].every(({ amount, price }) =>
        BigDecimal.isPositive(price) && BigDecimal.isPositive(amount)
      ),
      () => `a level of the order book of ${symbol} has a price or an amount that is not above zero`
    )
    yield* ensure(
      each(book.bids, BigDecimal.greaterThan),
      () => `the bids of ${symbol} are not sorted from highest to lowest`
    )
    yield* ensure(
      each(book.asks, BigDecimal.lessThan),
      () => `the asks of ${symbol} are not sorted from lowest to highest`
    )
    yield* ensure(!OrderBook.isCrossed(book), () => `the best bid of ${symbol} is not below its best ask`)
  })

const none = [0, -1, 1.5, Number.NaN]

const tape = (
  service: Service,
  symbol: string,
  trades: ReadonlyArray<Trade.Trade>,
  limit: number
): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    for (const trade of trades) {
      yield* fits(Trade.Trade, `a trade of ${symbol}`, trade)
      yield* ensure(
        trade.symbol === symbol && trade.exchange === service.exchange,
        () => `a trade of ${symbol} on ${service.exchange} is labeled ${trade.symbol} on ${trade.exchange}`
      )
      yield* ensure(
        BigDecimal.isPositive(trade.price) && BigDecimal.isPositive(trade.amount),
        () => `a trade of ${symbol} has a price or an amount that is not above zero`
      )
    }
    yield* unique("the trade", trades.map(({ id }) => id))
    yield* ensure(
      trades.every(({ at }, index) => index === 0 || (trades[index - 1]?.at ?? 0) <= at),
      () => `the trades of ${symbol} are not sorted oldest first`
    )
    yield* ensure(trades.length <= limit, () =>
      `requested at most ${limit} trades of ${symbol}, but got ${trades.length}`)
  })

/** @internal */
export const bookCases: ReadonlyArray<MarketDataCase> = [
  define(
    about("MD-17", "an order book has the requested symbol, the best level of each side first, and is not crossed"),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbolsOf(service, subject)) {
          yield* checkBook(service, symbol, yield* service.orderBook(symbol))
        }
      })
  ),
  define(
    about("MD-18", "an order book is as deep as requested if it has that many levels"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const usual = yield* service.orderBook(symbol)
        for (const depth of [1, 5]) {
          const book = yield* service.orderBook(symbol, { depth })
          yield* checkBook(service, symbol, book)
          for (const side of ["bids", "asks"] as const) {
            yield* ensure(
              book[side].length >= Math.min(depth, usual[side].length),
              () =>
                `requested ${depth} ${side} of ${symbol}, but got ${book[side].length}, although there are ${
                  usual[side].length
                }`
            )
          }
        }
      })
  ),
  define(
    about("MD-19", "trades have the requested symbol, are unique and oldest first, and no more than requested"),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbolsOf(service, subject)) {
          yield* tape(service, symbol, yield* service.trades(symbol), 100)
          yield* tape(service, symbol, yield* service.trades(symbol, { limit: 3 }), 3)
        }
      })
  ),
  define(about("MD-20", "a limit on trades returns the latest trades"), (service, subject) =>
    Effect.gen(function*() {
      const symbol = first(yield* symbolsOf(service, subject))
      const many = yield* service.trades(symbol, { limit: 20 })
      const [one] = yield* service.trades(symbol, { limit: 1 })
      const latest = many.at(-1)
      yield* ensure(
        latest === undefined || (one !== undefined && one.at >= latest.at),
        () => `the latest trade of ${symbol} is older than a trade that was returned before`
      )
    })),
  define(
    about("MD-21", "an invalid depth or number of trades fails with InvalidRequest"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const expected = { tag: "InvalidRequest", exchange: service.exchange, input: symbol } as const
        for (const count of none) {
          yield* refused(service.orderBook(symbol, { depth: count }), { ...expected, operation: "orderBook" })
          yield* refused(service.trades(symbol, { limit: count }), { ...expected, operation: "trades" })
        }
      })
  ),
  define(about("MD-22", "the status of the exchange matches its schema"), (service) =>
    Effect.gen(function*() {
      const status = yield* service.status
      yield* fits(ExchangeStatus.ExchangeStatus, "the status", status)
      yield* ensure(
        status.exchange === service.exchange,
        () => `the status is that of ${status.exchange}, but must be that of ${service.exchange}`
      )
    }))
]

/** @internal */
export const limitCases: ReadonlyArray<MarketDataCase> = [
  define(
    about("LM-01", "a burst of reads stays within the rate limits of the exchange"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* symbolsOf(service, subject)
        const calls = Array.from({ length: subject.concurrency }, (_, index) => symbols[index % symbols.length] ?? "")
        const answers = yield* Concurrent.forEach(calls, (symbol) => Effect.either(service.orderBook(symbol)), {
          concurrency: "unbounded"
        })
        yield* within(answers)
        const limited = yield* subject.observer?.limited ?? Effect.succeed(0)
        yield* ensure(limited === 0, () => `the exchange rejected ${limited} requests because of its rate limit`)
      })
  )
]

/**
 * Checks that concurrent calls were answered or held back, and that the exchange refused none of them because of a rate
 * limit.
 *
 * @internal
 */
export const within = <A, E extends ExchangeError.ExchangeError>(
  answers: ReadonlyArray<Either.Either<A, E>>
): Effect.Effect<void, Broken | E> =>
  Effect.gen(function*() {
    for (const answer of answers) {
      if (Either.isRight(answer)) continue
      const { left } = answer
      yield* ensure(
        left._tag !== "RateLimited" && left._tag !== "Banned",
        () => `one of ${answers.length} calls was rejected with ${left._tag}: ${left.message}`
      )
      if (left.outcome !== "NotSent") yield* answer
    }
    yield* ensure(answers.some(Either.isRight), () => noAnswer(answers))
  })
