import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Struct from "effect/Struct"
import { type ExchangeClient, exchangeTime } from "../../engine/ExchangeClient.js"
import { clockOf, withFiber } from "../../engine/internal/frame.js"
import * as Candle from "../../model/Candle.js"
import { MalformedResponse, type MarketDataError, Unsupported } from "../../model/ExchangeError.js"
import * as ExchangeSymbol from "../../model/ExchangeSymbol.js"
import { plain } from "../../model/internal/exact.js"
import * as Listing from "../../model/Listing.js"
import type { Market, TickSizeStep } from "../../model/Market.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as CandleSearch from "../CandleSearch.js"
import type { PublicFacts } from "../Declaration.js"
import { isInOneRequest } from "../Question.js"
import type * as Row from "../Row.js"
import * as marketRows from "./marketRows.js"
import * as sizing from "./sizing.js"

/**
 * Creates the public data adapter of an exchange from its declaration.
 *
 * @internal
 */
export const make = (facts: PublicFacts<string>) => (client: ExchangeClient<"marketData">): Adapter.MarketData => {
  const { marketData: asks, protocol: { exchange } } = facts
  const askTicker = asks.ticker(client)
  const ticker = (market: Market) =>
    Effect.flatMap(
      askTicker(market),
      (row) =>
        withFiber((fiber) =>
          Effect.succeed(
            marketRows.ticker(
              row,
              exchange,
              market,
              clockOf(fiber).unsafeCurrentTimeMillis(),
              sizing.volumes(facts, "tickers", sizing.of(facts, market))
            )
          )
        )
    )

  const questions = { ticker: asks.ticker, orderBook: asks.book.read, trades: asks.trades.read }
  return {
    inOneRequest: Struct.keys(questions).filter((name) => isInOneRequest(questions[name])),
    markets: listed(exchange, asks.listings.map((read) => read(client)())),
    ticker,
    tickers: (markets) => tickers(facts, client, markets, ticker),
    orderBook: (market, depth) =>
      Effect.gen(function*() {
        const { amount } = yield* sizing.required(facts, "orderBook", market)
        const { asks: sold, at, bids, ...rest } = yield* asks.book.read(client)(market, enough(asks.book.depths, depth))
        return {
          exchange,
          symbol: market.symbol,
          bids: marketRows.levels(bids, amount),
          asks: marketRows.levels(sold, amount),
          at: at ?? (yield* Clock.currentTimeMillis),
          ...rest
        }
      }),
    trades: (market, limit) =>
      Effect.gen(function*() {
        const { most, order, read } = asks.trades
        const { amount } = yield* sizing.required(facts, "trades", market)
        const cap = typeof most === "number" ? most : most(market)
        const rows = Listing.from(yield* read(client)(market, Math.min(limit, cap)))
        const oldestFirst = Listing.inOrder(rows, order)
        return Listing.map(oldestFirst, (row) => marketRows.trade(row, exchange, market, amount))
      }),
    candles: candles(facts, client),
    status: Effect.zipWith(asks.status(client)(), Clock.currentTimeMillis, (status, now) => ({
      ...status,
      ...status.detail === undefined ? {} : { detail: status.detail.slice(0, 200) },
      exchange,
      at: status.at ?? now
    }))
  }
}

/**
 * Returns the markets of all listings. For a listing that fails or cannot be decoded, returns those that it last
 * contained, with a warning, unless all of them fail.
 */
const listed = (
  exchange: string,
  listings: ReadonlyArray<Effect.Effect<Listing.Rows<Row.Market | undefined>, MarketDataError>>
): Effect.Effect<ReadonlyArray<Market>, MarketDataError> => {
  const known = new Map<number, ReadonlyArray<Market>>()
  return Effect.gen(function*() {
    const read = yield* Concurrent.forEach(listings, (listing) => Effect.either(markets(exchange, listing)), {
      concurrency: "unbounded"
    })
    const failed = Arr.getLefts(read)
    const [first] = failed
    if (first !== undefined) {
      if (failed.length === read.length) return yield* first
      yield* Effect.logWarning("Some markets could not be listed; the others and those known before remain available", {
        exchange,
        because: first.message
      })
    }
    for (const [index, listing] of read.entries()) {
      if (Either.isRight(listing)) known.set(index, listing.right)
    }
    const all = listings.flatMap((_, index) => known.get(index) ?? [])
    // A market that moves between two listings while they are read is in both.
    return [...new Map(all.map((market) => [`${market.symbol} ${market.id}`, market])).values()]
  })
}

const markets = (
  exchange: string,
  listing: Effect.Effect<Listing.Rows<Row.Market | undefined>, MarketDataError>
): Effect.Effect<ReadonlyArray<Market>, MarketDataError> =>
  Effect.gen(function*() {
    const { rows, unknown } = Listing.from(yield* listing)
    const [first] = unknown
    if (first !== undefined) {
      if (rows.length === 0) {
        return yield* new MalformedResponse({
          exchange,
          operation: "markets",
          detail: `none of the listed markets could be decoded: ${first.detail}`
        })
      }
      yield* Effect.logDebug("Markets that could not be decoded were left out", { exchange, markets: unknown.length })
    }
    return Arr.filterMap(rows, (row) => Option.fromNullable(row && named(row)))
  })

/** Returns a market under its symbol, or `undefined` if it has no symbol of its own. */
const named = ({ expiry, kind, ...row }: Row.Market): Market | undefined => {
  if (kind === undefined) return undefined
  const isKnown = (kind === "spot" || row.settle !== undefined) && (kind !== "future" || expiry !== undefined)
  const symbol = ExchangeSymbol.fromAssets({
    base: row.base,
    quote: row.quote,
    settle: kind === "spot" ? undefined : row.settle,
    expiry: kind === "future" ? expiry : undefined
  })
  return isKnown && symbol !== undefined ? Struct.evolve({ ...row, kind, symbol }, inPlainNotation) : undefined
}

const byPrice = Order.mapInput(BigDecimal.Order, ({ fromPrice }: TickSizeStep) => fromPrice)

const inPlainNotation = {
  tickSize: plain,
  tickSizeSteps: (steps: ReadonlyArray<TickSizeStep> = []) => {
    // As for every other bound of a market, zero means that there is none.
    const stated = steps.filter(({ fromPrice, tickSize }) =>
      BigDecimal.isPositive(fromPrice) && BigDecimal.isPositive(tickSize)
    )
    return stated.length === 0
      ? undefined
      : Arr.sort(stated, byPrice).map(({ fromPrice, tickSize }) => ({
        fromPrice: plain(fromPrice),
        tickSize: plain(tickSize)
      }))
  },
  lotSize: plain,
  minAmount: plain,
  maxAmount: plain,
  minPrice: plain,
  maxPrice: plain,
  minNotional: plain,
  multiplier: plain
}

const tickers = (
  facts: PublicFacts<string>,
  client: ExchangeClient<"marketData">,
  markets: ReadonlyArray<Market>,
  one: (market: Market) => ReturnType<Adapter.MarketData["ticker"]>
): ReturnType<Adapter.MarketData["tickers"]> =>
  Effect.gen(function*() {
    const { marketData: asks, marketNames = ({ id }: Market) => [id], protocol: { exchange } } = facts
    if (asks.tickers === undefined) {
      const read = yield* Concurrent.forEach(markets, (market) => Effect.either(one(market)), { concurrency: 8 })
      const [failed, found] = Arr.separate(read)
      const [first] = failed
      return first !== undefined && found.length === 0 ? yield* first : found
    }
    const byName = new Map(markets.flatMap((market) => marketNames(market).map((name) => [name, market] as const)))
    const rows = Listing.from(yield* asks.tickers(client)(markets))
    const now = yield* Clock.currentTimeMillis
    return {
      ...rows,
      rows: Arr.filterMap(rows.rows, (row) =>
        Option.map(
          Option.fromNullable(byName.get(row.market)),
          (market) =>
            marketRows.ticker(row, exchange, market, now, sizing.volumes(facts, "tickers", sizing.of(facts, market)))
        ))
    }
  })

const enough = (depths: ReadonlyArray<number> | number, depth: number): number =>
  typeof depths === "number"
    ? Math.min(depth, depths)
    : depths.find((each) => each >= depth) ?? Math.max(...depths)

const candles = (
  facts: PublicFacts<string>,
  client: ExchangeClient<"marketData">
): Adapter.MarketData["candles"] => {
  const { marketData: { candles }, name, protocol: { exchange } } = facts
  const { first, kept, page, words } = candles
  const word = (interval: Candle.Interval): Effect.Effect<string, Unsupported> => {
    const found = words[interval]
    return found === undefined
      ? new Unsupported({
        exchange,
        operation: "candles",
        detail: `${name} has no ${interval} candles`,
        alternative: `use one of ${Struct.keys(words).join(", ")}`
      })
      : Effect.succeed(found)
  }
  const read = (market: Market, interval: Candle.Interval, window: Adapter.Window) =>
    Effect.flatMap(Effect.zip(sizing.required(facts, "candles", market), word(interval)), ([sizes, word]) => {
      const volumes = sizing.volumes(facts, "candles", sizes)
      return Effect.map(
        candles.read(client)(market, word, window, interval),
        (bars) => bars.map((bar) => marketRows.bar(bar, market, volumes))
      )
    })

  const step = (market: Market, by: Candle.Interval) => ({
    // For months this is the longest length: January 1970 has 31 days.
    length: Candle.closeTime(by, 0) - Candle.openTime(by, 0),
    page,
    read: (window: Adapter.Window) => Effect.map(read(market, by, window), Arr.map(({ openTime }) => openTime))
  })

  const firstFrom = (market: Market, interval: Candle.Interval, from: number) => {
    if (first === undefined) return Effect.succeedSome(from)
    if (typeof first === "function") {
      return Effect.flatMap(
        word(interval),
        (word) =>
          Effect.map(
            first(client)(market, word, from, interval),
            ([found]) => found === undefined ? Option.none() : Option.some(found.openTime)
          )
      )
    }
    return Effect.flatMap(exchangeTime(client), (now) =>
      CandleSearch.firstFrom({
        steps: first.by.map((by) => step(market, by)),
        since: first.opened,
        from,
        now,
        precision: Candle.shift(interval, from, page) - from
      }))
  }

  return {
    page,
    read: (market, interval, window) =>
      Effect.gen(function*() {
        if (kept !== undefined) {
          const oldest = Candle.shift(interval, yield* exchangeTime(client), -kept)
          if (window.from < oldest) {
            return yield* new Unsupported({
              exchange,
              operation: "candles",
              detail: `${name} keeps only the latest ${kept} candles, which for ${interval} begin at ${
                DateTime.formatIso(DateTime.unsafeMake(oldest))
              }`,
              alternative: "use a longer interval, or build older candles from trades"
            })
          }
        }
        return yield* read(market, interval, window)
      }),
    firstFrom: first === undefined ? undefined : firstFrom
  }
}
