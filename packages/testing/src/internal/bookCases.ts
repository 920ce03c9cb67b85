import { type ExchangeError, ExchangeStatus, type MarketData, OrderBook, Trade } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { MarketDataCase } from "../ContractCase.js"
import { about, defineMarketData as define, first, listed } from "./asking.js"
import { type Broken, ensure, fits, noAnswer, refused, unique } from "./judging.js"

type Service = MarketData.MarketData.Service

const each = (
  levels: ReadonlyArray<OrderBook.Level>,
  isBetter: (one: BigDecimal.BigDecimal, other: BigDecimal.BigDecimal) => boolean
): boolean => levels.every(({ price }, index) => index === 0 || isBetter(levels[index - 1]?.price ?? price, price))

const sound = (service: Service, symbol: string, book: OrderBook.OrderBook): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(OrderBook.OrderBook, `the book of ${symbol}`, book)
    yield* ensure(
      book.symbol === symbol && book.exchange === service.exchange,
      () => `the book of ${symbol} on ${service.exchange} says it is of ${book.symbol} on ${book.exchange}`
    )
    yield* ensure(
      [...book.bids, ...book.asks].every(({ amount, price }) =>
        BigDecimal.isPositive(price) && BigDecimal.isPositive(amount)
      ),
      () => `a level of the book of ${symbol} has a price or an amount that is not above zero`
    )
    yield* ensure(each(book.bids, BigDecimal.greaterThan), () => `the bids of ${symbol} do not fall from the best on`)
    yield* ensure(each(book.asks, BigDecimal.lessThan), () => `the asks of ${symbol} do not rise from the best on`)
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
        () => `a trade of ${symbol} on ${service.exchange} says it is of ${trade.symbol} on ${trade.exchange}`
      )
      yield* ensure(
        BigDecimal.isPositive(trade.price) && BigDecimal.isPositive(trade.amount),
        () => `a trade of ${symbol} has a price or an amount that is not above zero`
      )
    }
    yield* unique("the trade", trades.map(({ id }) => id))
    yield* ensure(
      trades.every(({ at }, index) => index === 0 || (trades[index - 1]?.at ?? 0) <= at),
      () => `the trades of ${symbol} are not oldest first`
    )
    yield* ensure(trades.length <= limit, () => `asked for ${limit} trades of ${symbol}, there were ${trades.length}`)
  })

/** @internal */
export const bookCases: ReadonlyArray<MarketDataCase> = [
  define(
    about("MD-17", "a book is of its symbol, the best of each side first, and not crossed"),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* listed(service, subject)) {
          yield* sound(service, symbol, yield* service.orderBook(symbol))
        }
      })
  ),
  define(
    about("MD-18", "a book is as deep as was asked for, where there are as many levels"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* listed(service, subject))
        const usual = yield* service.orderBook(symbol)
        for (const depth of [1, 5]) {
          const book = yield* service.orderBook(symbol, { depth })
          yield* sound(service, symbol, book)
          for (const side of ["bids", "asks"] as const) {
            yield* ensure(
              book[side].length >= Math.min(depth, usual[side].length),
              () => `asked for ${depth} ${side} of ${symbol}, there were ${book[side].length} of ${usual[side].length}`
            )
          }
        }
      })
  ),
  define(
    about("MD-19", "trades are of their symbol, oldest first, each once, and no more than were asked for"),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* listed(service, subject)) {
          yield* tape(service, symbol, yield* service.trades(symbol), 100)
          yield* tape(service, symbol, yield* service.trades(symbol, { limit: 3 }), 3)
        }
      })
  ),
  define(about("MD-20", "of many trades the latest are given"), (service, subject) =>
    Effect.gen(function*() {
      const symbol = first(yield* listed(service, subject))
      const many = yield* service.trades(symbol, { limit: 20 })
      const [one] = yield* service.trades(symbol, { limit: 1 })
      const latest = many.at(-1)
      yield* ensure(
        latest === undefined || (one !== undefined && one.at >= latest.at),
        () => `the one trade of ${symbol} asked for is older than one that was known before`
      )
    })),
  define(
    about("MD-21", "a depth or a number of trades that is none is refused"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* listed(service, subject))
        const expected = { tag: "InvalidRequest", exchange: service.exchange, input: symbol } as const
        for (const count of none) {
          yield* refused(service.orderBook(symbol, { depth: count }), { ...expected, operation: "orderBook" })
          yield* refused(service.trades(symbol, { limit: count }), { ...expected, operation: "trades" })
        }
      })
  ),
  define(about("MD-22", "what the exchange says of itself fits its schema"), (service) =>
    Effect.gen(function*() {
      const status = yield* service.status
      yield* fits(ExchangeStatus.ExchangeStatus, "the status", status)
      yield* ensure(
        status.exchange === service.exchange,
        () => `the status is that of ${status.exchange}, expected ${service.exchange}`
      )
    }))
]

/** @internal */
export const limitCases: ReadonlyArray<MarketDataCase> = [
  define(
    about("LM-01", "a burst of reads stays within the limits of the exchange"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* listed(service, subject)
        const calls = Array.from({ length: subject.concurrency }, (_, index) => symbols[index % symbols.length] ?? "")
        const answers = yield* Concurrent.forEach(calls, (symbol) => Effect.either(service.orderBook(symbol)), {
          concurrency: "unbounded"
        })
        yield* within(answers)
        const limited = yield* subject.observer?.limited ?? Effect.succeed(0)
        yield* ensure(limited === 0, () => `the exchange has refused ${limited} requests as too many`)
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
        () => `of ${answers.length} calls one was refused: ${left._tag}, ${left.message}`
      )
      if (left.outcome !== "NotSent") yield* answer
    }
    yield* ensure(answers.some(Either.isRight), () => noAnswer(answers))
  })
