import { type ExchangeError, Market, type MarketData, Price, Ticker } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { MarketDataCase, Subject } from "../ContractCase.js"
import { about, defineMarketData as define, first, symbolsOf } from "./defineCase.js"
import { hostileTexts } from "./hostileTexts.js"
import { type Broken, ensure, fits, interruptedOften, noAnswer, refused, unique } from "./judging.js"

type Service = MarketData.MarketData.Service

/** Returns all calls that take a symbol, each with the operation that its errors name. */
const questions = (
  service: Service,
  symbol: string,
  known: string
): ReadonlyArray<readonly [operation: string, Effect.Effect<unknown, ExchangeError.MarketDataError>]> => [
  ["market", service.market(symbol)],
  ["price", service.price(symbol)],
  ["prices", service.prices([symbol])],
  ["prices", service.prices([known, symbol])],
  ["ticker", service.ticker(symbol)],
  ["tickers", service.tickers([symbol])],
  ["tickers", service.tickers([known, symbol])],
  ["orderBook", service.orderBook(symbol)],
  ["trades", service.trades(symbol)],
  ["candles", Stream.runDrain(service.candles(symbol, "1h", { from: 0, to: 0 }))]
]

const near = (subject: Subject, what: string, instant: number): Effect.Effect<void, Broken> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    ensure(
      Math.abs(instant - now) <= Duration.toMillis(subject.clockTolerance),
      () => `${what} is ${instant}, but must be within ${Duration.format(subject.clockTolerance)} of ${now}`
    ))

const checkTicker = (service: Service, symbol: string, ticker: Ticker.Ticker): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(Ticker.Ticker, `the ticker of ${symbol}`, ticker)
    yield* ensure(
      ticker.symbol === symbol && ticker.exchange === service.exchange,
      () => `the ticker of ${symbol} on ${service.exchange} is labeled ${ticker.symbol} on ${ticker.exchange}`
    )
    const { ask, bid, high24h, last, low24h, open24h, volume24h } = ticker
    for (const [field, price] of Object.entries({ ask, bid, high24h, last, low24h, open24h })) {
      yield* ensure(
        price === undefined || BigDecimal.isPositive(price),
        () => `the ${field} of ${symbol} is not above zero`
      )
    }
    yield* ensure(
      volume24h === undefined || !BigDecimal.isNegative(volume24h),
      () => `the volume24h of ${symbol} is below zero`
    )
    yield* ascending(symbol, "bid", bid, "ask", ask)
    yield* ascending(symbol, "low24h", low24h, "last", last)
    yield* ascending(symbol, "last", last, "high24h", high24h)
  })

const ascending = (
  symbol: string,
  lowName: string,
  low: BigDecimal.BigDecimal | undefined,
  highName: string,
  high: BigDecimal.BigDecimal | undefined
): Effect.Effect<void, Broken> =>
  ensure(
    low === undefined || high === undefined || BigDecimal.lessThanOrEqualTo(low, high),
    () => `the ${lowName} of ${symbol} is above its ${highName}`
  )

const inOrder = (
  service: Service,
  wanted: ReadonlyArray<string>
): Effect.Effect<void, Broken | ExchangeError.MarketDataError> =>
  Effect.flatMap(service.tickers(wanted), (tickers) =>
    ensure(
      tickers.length === wanted.length && tickers.every(({ symbol }, index) => symbol === wanted[index]),
      () => `requested the tickers of ${wanted.join(", ")}, but got ${tickers.map(({ symbol }) => symbol).join(", ")}`
    ))

const priced = (service: Service, market: Market.Market, price: Price.Price): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(Price.Price, `the price of ${market.symbol}`, price)
    yield* ensure(
      price.symbol === market.symbol,
      () => `requested the price of ${market.symbol}, but got that of ${price.symbol}`
    )
    yield* ensure(
      price.currency === market.quote,
      () => `the price of ${market.symbol} is in ${price.currency}, but must be in ${market.quote}`
    )
    yield* ensure(
      price.source === service.exchange,
      () => `the source of the price of ${market.symbol} is ${price.source}, but must be ${service.exchange}`
    )
    yield* ensure(BigDecimal.isPositive(price.amount), () => `the price of ${market.symbol} is not above zero`)
  })

const listing = [
  define(
    about("MD-01", "lists at least one market, and every market matches its schema"),
    (service) =>
      Effect.gen(function*() {
        const markets = yield* service.markets
        yield* ensure(markets.length > 0, () => "the list of markets is empty")
        yield* Effect.forEach(markets, (market) => fits(Market.Market, `the market ${market.symbol}`, market), {
          discard: true
        })
      })
  ),
  define(
    about("MD-02", "lists every symbol once, and every id once per kind of market"),
    (service) =>
      Effect.gen(function*() {
        const markets = yield* service.markets
        yield* unique("the symbol", markets.map(({ symbol }) => symbol))
        yield* unique("the id", markets.map(({ id, kind }) => `${id} (${kind})`))
      })
  ),
  define(
    about("MD-03", "tick sizes and lot sizes are above zero where they are stated"),
    (service) =>
      Effect.flatMap(
        service.markets,
        (markets) =>
          Effect.forEach(markets, ({ lotSize, symbol, tickSize, tickSizeSteps = [] }) =>
            ensure(
              [tickSize, lotSize, ...tickSizeSteps.map((step) => step.tickSize)].every((step) =>
                step === undefined || BigDecimal.isPositive(step)
              ),
              () => `${symbol} has a tick size or a lot size that is not above zero`
            ), { discard: true })
      )
  ),
  define(
    about("MD-04", "symbols match the assets and the kind of their markets"),
    (service) =>
      Effect.flatMap(service.markets, (markets) =>
        Effect.forEach(markets, ({ base, kind, quote, symbol }) => {
          const [pair, settle] = symbol.split(":")
          const expected = settle === undefined ? "spot" : settle.includes("-") ? "future" : "perpetual"
          return ensure(
            pair === `${base}/${quote}` && kind === expected,
            () => `${symbol} is listed as a ${kind} of ${base} in ${quote}`
          )
        }, { discard: true }))
  ),
  define(about("MD-05", "finds a listed market by its symbol"), (service) =>
    Effect.gen(function*() {
      for (const market of (yield* service.markets).slice(0, 20)) {
        const found = yield* service.market(market.symbol)
        yield* ensure(
          found.symbol === market.symbol && found.id === market.id,
          () => `requested ${market.symbol} (${market.id}), but got ${found.symbol} (${found.id})`
        )
      }
    }))
]

const prices = [
  define(
    about("MD-06", "a price is above zero, in the quote currency and from the exchange"),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbolsOf(service, subject)) {
          yield* priced(service, yield* service.market(symbol), yield* service.price(symbol))
        }
      })
  ),
  define(
    about(
      "MD-07",
      "a ticker has the requested symbol, a bid of at most its ask, and a last price between its low and its high"
    ),
    (service, subject) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbolsOf(service, subject)) {
          yield* checkTicker(service, symbol, yield* service.ticker(symbol))
        }
      })
  ),
  define(about("MD-08", "tickers are returned in the requested order"), (service, subject) =>
    Effect.gen(function*() {
      const symbols = yield* symbolsOf(service, subject)
      yield* inOrder(service, symbols)
      yield* inOrder(service, symbols.toReversed())
      yield* Effect.forEach(yield* service.tickers(symbols), (ticker) => checkTicker(service, ticker.symbol, ticker), {
        discard: true
      })
    })),
  define(
    about("MD-09", "a symbol that is requested twice is returned twice"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* symbolsOf(service, subject)
        yield* inOrder(service, [first(symbols), ...symbols, first(symbols)])
      })
  ),
  define(
    about("MD-29", "prices are returned in the requested order, duplicates included, and match their tickers"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* symbolsOf(service, subject)
        const tickers = new Map((yield* service.tickers(symbols)).map((ticker) => [ticker.symbol, ticker]))
        for (const wanted of [[first(symbols), ...symbols.toReversed(), first(symbols)], []]) {
          const prices = yield* service.prices(wanted)
          yield* ensure(
            prices.length === wanted.length && prices.every(({ symbol }, index) => symbol === wanted[index]),
            () =>
              `requested the prices of ${wanted.join(", ")}, but got ${prices.map(({ symbol }) => symbol).join(", ")}`
          )
          for (const price of prices) {
            yield* priced(service, yield* service.market(price.symbol), price)
            yield* ensure(
              (tickers.get(price.symbol)?.last === undefined) === (price.basis === "mid"),
              () => `the price of ${price.symbol} has the basis ${price.basis}, which contradicts its ticker`
            )
          }
        }
      })
  ),
  define(
    about("MD-10", "requesting the tickers of no symbols returns an empty list"),
    (service) => inOrder(service, [])
  ),
  define(
    about("MD-11", "the exchange's time is in milliseconds and close to the local clock"),
    (service, subject) => Effect.flatMap(service.serverTime, (time) => near(subject, "the exchange's time", time))
  )
]

const mistakes = [
  define(
    about("MD-12", "a symbol that is not listed fails with SymbolNotFound, and the error names it"),
    (service, subject) =>
      Effect.gen(function*() {
        const known = first(yield* symbolsOf(service, subject))
        // Symbols are case-sensitive, so a known symbol in lower case is not listed, unless it has no upper-case
        // letters.
        for (const input of [subject.unknownSymbol, known.toLowerCase()].filter((input) => input !== known)) {
          for (const [operation, call] of questions(service, input, known)) {
            const error = yield* refused(call, { tag: "SymbolNotFound", exchange: service.exchange, operation, input })
            yield* ensure(
              error._tag === "SymbolNotFound" && error.symbol === input && error.message.includes(input),
              () => `the error of ${operation}("${input}") does not name the symbol`
            )
          }
        }
      })
  ),
  define(
    about("MD-13", "text that is not a symbol fails with InvalidRequest"),
    (service, subject) =>
      Effect.gen(function*() {
        const known = first(yield* symbolsOf(service, subject))
        for (const input of hostileTexts) {
          for (const [operation, call] of questions(service, input, known)) {
            yield* refused(call, { tag: "InvalidRequest", exchange: service.exchange, operation, input })
          }
        }
      })
  ),
  define(
    about("MD-14", "no request is sent for text that is not a symbol, or for the tickers of no symbols", ["observer"]),
    (service, { observer }) =>
      Effect.gen(function*() {
        if (observer === undefined) return
        const before = yield* observer.sent
        for (const input of hostileTexts) {
          yield* Effect.forEach(questions(service, input, input), ([, call]) => Effect.exit(call), { discard: true })
        }
        yield* service.tickers([])
        const sent = (yield* observer.sent) - before
        yield* ensure(sent === 0, () => `${sent} requests were sent, expected none`)
      })
  )
]

const concurrency = [
  define(
    about("MD-15", "an interrupted call leaves nothing behind"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        yield* interruptedOften(service.price(symbol))
        const left = subject.observer === undefined ? 0 : yield* subject.observer.inFlight
        yield* ensure(left === 0, () => `${left} requests are still in flight after their callers were interrupted`)
        yield* priced(service, yield* service.market(symbol), yield* service.price(symbol))
      })
  ),
  define(
    about("MD-16", "each of many concurrent calls gets its own response, or fails before it is sent"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* symbolsOf(service, subject)
        const wanted = Array.from(
          { length: subject.concurrency },
          (_, index) => symbols[index % symbols.length] ?? first(symbols)
        )
        const answers = yield* Concurrent.forEach(
          wanted,
          (symbol) => Effect.map(Effect.either(service.price(symbol)), (answer) => ({ symbol, answer })),
          { concurrency: "unbounded" }
        )
        for (const { answer, symbol } of answers) {
          if (Either.isRight(answer)) yield* priced(service, yield* service.market(symbol), answer.right)
          else if (answer.left.outcome !== "NotSent") return yield* answer.left
        }
        yield* ensure(answers.some(({ answer }) => Either.isRight(answer)), () =>
          noAnswer(answers.map(({ answer }) => answer)))
      })
  )
]

/** @internal */
export const marketDataCases: ReadonlyArray<MarketDataCase> = [...listing, ...prices, ...mistakes, ...concurrency]
