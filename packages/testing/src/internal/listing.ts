import { Candle, Decimal, ExchangeSymbol, type Market, type Ticker, type Trade } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Fault } from "./invalidMock.js"
import type { CandleInput, MarketInput, TickerInput, TradeInput } from "./mockModel.js"

/** @internal */
export interface Listed {
  readonly market: Market.Market
  readonly quote: Omit<Ticker.Ticker, "exchange" | "symbol" | "at">
  /** The trades given by the test. `undefined` means one trade at the last price. */
  readonly trades: ReadonlyArray<Omit<Trade.Trade, "exchange" | "symbol">> | undefined
  /** The candles given by the test. `undefined` means a flat candle in every interval. */
  readonly candles: ReadonlyArray<Adapter.Bar & { readonly interval: Candle.Interval }> | undefined
}

/**
 * Parses a decimal that must be at least zero, or above zero.
 *
 * @internal
 */
export const amount = (
  where: { readonly subject: string; readonly field: string },
  text: string,
  least: "zero" | "positive"
): Either.Either<BigDecimal.BigDecimal, Fault> =>
  Either.filterOrLeft(
    Either.fromOption(
      Decimal.parse(text),
      () => ({ ...where, detail: `expected a plain decimal such as "64000.5", got ${quoted(text)}` })
    ),
    (decimal) => BigDecimal.greaterThan(decimal, Decimal.zero) || (least === "zero" && BigDecimal.isZero(decimal)),
    () => ({
      ...where,
      detail: `expected ${least === "zero" ? "zero or more" : "more than zero"}, got ${quoted(text)}`
    })
  )

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60))

const optional = (
  subject: string,
  field: string,
  text: string | undefined,
  least: "zero" | "positive" = "positive"
): Either.Either<BigDecimal.BigDecimal | undefined, Fault> =>
  text === undefined ? Either.right(undefined) : amount({ subject, field }, text, least)

const inOrder = (
  subject: string,
  ascending: ReadonlyArray<readonly [field: string, price: BigDecimal.BigDecimal | undefined]>
): Either.Either<void, Fault> => {
  const stated = ascending.flatMap(([field, price]) => price === undefined ? [] : [{ field, price }])
  const wrong = stated.findIndex(({ price }, index) => {
    const before = stated[index - 1]
    return before !== undefined && BigDecimal.lessThan(price, before.price)
  })
  return wrong < 0 ? Either.right(undefined) : Either.left(
    {
      subject,
      field: stated[wrong]?.field ?? "",
      detail: `must not be below the ${stated[wrong - 1]?.field}`
    }
  )
}

/**
 * Creates a market and its quote from the input of a test. `known` is the market as it was listed before.
 *
 * @internal
 */
export const list = (
  text: string,
  input: TickerInput,
  known?: Market.Market | undefined
): Either.Either<Listed, Fault> =>
  Either.gen(function*() {
    const symbol = yield* Either.mapLeft(
      ExchangeSymbol.decode(text),
      (error) => ({ subject: text.slice(0, 60), field: "symbol", detail: error.message })
    )
    const price = (field: "last" | "bid" | "ask" | "open24h" | "high24h" | "low24h") =>
      optional(symbol, field, input[field])
    const quote = {
      last: yield* price("last"),
      bid: yield* price("bid"),
      ask: yield* price("ask"),
      open24h: yield* price("open24h"),
      high24h: yield* price("high24h"),
      low24h: yield* price("low24h"),
      volume24h: yield* optional(symbol, "volume24h", input.volume24h, "zero")
    }
    yield* inOrder(symbol, [["bid", quote.bid], ["ask", quote.ask]])
    yield* inOrder(symbol, [["low24h", quote.low24h], ["last", quote.last], ["high24h", quote.high24h]])
    const market = known !== undefined && input.market === undefined
      ? known
      : yield* marketOf(symbol, input.market ?? {})
    return {
      market,
      quote,
      trades: input.trades && (yield* Either.all(input.trades.map((each, index) => tradeOf(symbol, each, index)))),
      candles: input.candles && (yield* Either.all(input.candles.map((each) => candleOf(symbol, each))))
    }
  })

const tradeOf = (
  subject: string,
  { at, side, ...input }: TradeInput,
  index: number
): Either.Either<Omit<Trade.Trade, "exchange" | "symbol">, Fault> =>
  Either.map(
    Either.all({
      price: amount({ subject, field: "trades" }, input.price, "positive"),
      amount: amount({ subject, field: "trades" }, input.amount, "positive")
    }),
    (decimals) => ({ id: String(index + 1), side: side ?? "buy", at, ...decimals })
  )

const candleOf = (
  subject: string,
  { interval, openTime, ...input }: CandleInput
): Either.Either<Adapter.Bar & { readonly interval: Candle.Interval }, Fault> =>
  Either.gen(function*() {
    const price = (text: string) => amount({ subject, field: "candles" }, text, "positive")
    const bar = {
      interval,
      openTime,
      open: yield* price(input.open),
      high: yield* price(input.high),
      low: yield* price(input.low),
      close: yield* price(input.close),
      volume: yield* amount({ subject, field: "candles" }, input.volume ?? "0", "zero")
    }
    if (Candle.openTime(interval, openTime) !== openTime) {
      return yield* Either.left({
        subject,
        field: "candles",
        detail: `no ${interval} candle opens at ${openTime}`
      })
    }
    yield* inOrder(subject, [["low of the candles", bar.low], ["open", bar.open], ["high of the candles", bar.high]])
    yield* inOrder(subject, [["low of the candles", bar.low], ["close", bar.close], ["high of the candles", bar.high]])
    return bar
  })

const notation = /^([^/]+)\/([^:]+)(:[^-]+(-.+)?)?$/

const stepsOf = (
  symbol: string,
  steps: NonNullable<MarketInput["tickSizeSteps"]>
): Either.Either<ReadonlyArray<Market.TickSizeStep>, Fault> =>
  Either.gen(function*() {
    const read = yield* Either.all(steps.map((step) =>
      Either.all({
        fromPrice: amount({ subject: symbol, field: "fromPrice" }, step.fromPrice, "positive"),
        tickSize: amount({ subject: symbol, field: "tickSize" }, step.tickSize, "positive")
      })
    ))
    yield* inOrder(symbol, read.map(({ fromPrice }) => ["fromPrice", fromPrice]))
    return read
  })

const marketOf = (
  symbol: ExchangeSymbol.ExchangeSymbol,
  input: MarketInput
): Either.Either<Market.Market, Fault> =>
  Either.gen(function*() {
    const [, base = "", quote = "", settle, expiry] = notation.exec(symbol) ?? []
    const kind: Market.Kind = settle === undefined ? "spot" : expiry === undefined ? "perpetual" : "future"
    return {
      symbol,
      // Differs from the symbol, so that a test detects a program that confuses the two.
      id: input.id ?? symbol.replace("/", "-"),
      kind,
      status: input.status ?? "open",
      base,
      quote,
      tickSize: yield* optional(symbol, "tickSize", input.tickSize),
      ...input.tickSizeSteps === undefined ? {} : { tickSizeSteps: yield* stepsOf(symbol, input.tickSizeSteps) },
      lotSize: yield* optional(symbol, "lotSize", input.lotSize),
      minAmount: yield* optional(symbol, "minAmount", input.minAmount),
      minNotional: yield* optional(symbol, "minNotional", input.minNotional)
    }
  })

/**
 * Adds a listing, which replaces an earlier one of the same symbol. Fails if another market has the same id.
 *
 * @internal
 */
export const add = (
  listings: ReadonlyMap<string, Listed>,
  listed: Listed
): Either.Either<ReadonlyMap<string, Listed>, Fault> => {
  const { id, symbol } = listed.market
  const twin = Option.fromIterable(
    Array.from(listings.values()).filter(({ market }) => market.id === id && market.symbol !== symbol)
  )
  return Option.match(twin, {
    onNone: () => Either.right(new Map(listings).set(symbol, listed)),
    onSome: ({ market }) =>
      Either.left(
        {
          subject: symbol,
          field: "id",
          detail: `the id is already that of ${market.symbol}; choose another`
        }
      )
  })
}
