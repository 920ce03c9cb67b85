import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, TestClock } from "effect"
import { Composite, Decimal, ExchangeError, ExchangeSymbol, MarketData, type Price, type Ticker } from "../src/index.js"
import * as Acme from "./support/exchange.js"
import { about, at, now, source, unavailable } from "./support/sources.js"

const quote = (exchange: string, symbol: string, amount: string, observedAt = now): Price.Price => ({
  symbol: ExchangeSymbol.make(symbol),
  amount: Decimal.make(amount),
  currency: "USDT",
  basis: "last",
  source: exchange,
  observedAt
})

/** A source that lists these symbols, with a price or without, and records which symbols were requested. */
const listing = (exchange: string, amounts: { readonly [symbol: string]: string | undefined }, observedAt = now) => {
  const requested: Array<string> = []
  const state = { down: false }
  const notListed = (symbol: string) =>
    new ExchangeError.SymbolNotFound({ ...about(exchange), symbol: ExchangeSymbol.make(symbol) })
  const answer = (
    symbols: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<Price.Price>, ExchangeError.MarketDataError> =>
    Effect.suspend((): Effect.Effect<ReadonlyArray<Price.Price>, ExchangeError.MarketDataError> => {
      requested.push(symbols.join(" "))
      if (state.down) return Effect.fail(unavailable(exchange))
      const unknown = symbols.find((symbol) => !(symbol in amounts))
      if (unknown !== undefined) return Effect.fail(notListed(unknown))
      return Effect.succeed(symbols.flatMap((symbol) => {
        const amount = amounts[symbol]
        return amount === undefined ? [] : [quote(exchange, symbol, amount, observedAt)]
      }))
    })
  const { layer } = source(exchange, {
    markets: Object.keys(amounts).map((symbol) => ({ ...Acme.bitcoin, symbol: ExchangeSymbol.make(symbol) })),
    prices: answer,
    price: (symbol) =>
      Effect.flatMap(
        answer([symbol]),
        ([price]) => price === undefined ? new ExchangeError.MalformedResponse(about(exchange)) : Effect.succeed(price)
      )
  })
  return { layer, requested, state }
}

const pricesOf = (symbols: ReadonlyArray<string>) =>
  Effect.flatMap(MarketData.MarketData, (market) => market.prices(symbols))

const read = <E>(layer: Layer.Layer<MarketData.MarketData, E>, symbols: ReadonlyArray<string>) =>
  Effect.provide(Effect.map(pricesOf(symbols), shown), layer)

const shown = (prices: ReadonlyArray<Price.Price>) =>
  prices.map(({ amount, source, symbol }) => `${symbol} ${Decimal.format(amount)} ${source}`)

const [btc, eth, xrp] = ["BTC/USDT", "ETH/USDT", "XRP/USDT"] as const

describe("Composite.failover of prices", () => {
  it.effect("asks the first source once for all symbols, and returns prices in the requested order, duplicates included", () =>
    Effect.gen(function*() {
      yield* at
      const [well, spare] = [listing("well", { [btc]: "1", [eth]: "2" }), listing("spare", { [btc]: "3" })]
      const layer = Composite.failover([well.layer, spare.layer])
      assert.deepStrictEqual(yield* read(layer, [eth, btc, eth]), [
        "ETH/USDT 2 well",
        "BTC/USDT 1 well",
        "ETH/USDT 2 well"
      ])
      assert.deepStrictEqual(yield* read(layer, []), [])
      assert.deepStrictEqual([well.requested, spare.requested], [["ETH/USDT BTC/USDT"], []])
    }))

  it.effect("asks the next source for symbols the first lacks or has stale, and omits those that no source has", () =>
    Effect.gen(function*() {
      yield* at
      const all = { [btc]: "5", [eth]: "6", [xrp]: undefined }
      const narrow = listing("narrow", { [btc]: "1", [xrp]: undefined })
      const wide = listing("wide", all)
      assert.deepStrictEqual(yield* read(Composite.failover([narrow.layer, wide.layer]), [xrp, eth, btc]), [
        "ETH/USDT 6 wide",
        "BTC/USDT 1 narrow"
      ])
      const stale = listing("stale", all, now - 60_001)
      const layer = Composite.failover([stale.layer, wide.layer], { maximumAge: "1 minute" })
      assert.deepStrictEqual(yield* read(layer, [btc, eth]), ["BTC/USDT 5 wide", "ETH/USDT 6 wide"])
    }))

  it.effect("fails if no source is available, and with SymbolNotFound if no source lists a symbol", () =>
    Effect.gen(function*() {
      yield* at
      const one = listing("one", { [btc]: "1" })
      const missing = yield* Effect.flip(read(Composite.failover([one.layer, one.layer]), [btc, eth]))
      assert.strictEqual(missing._tag, "SymbolNotFound")
      one.state.down = true
      const down = yield* Effect.flip(read(Composite.failover([one.layer]), [btc]))
      assert.strictEqual(down._tag, "ExchangeUnavailable")
    }))

  it.effect("fails immediately if the call is invalid", () =>
    Effect.gen(function*() {
      yield* at
      const refusing = source("refusing", { prices: () => new ExchangeError.InvalidRequest(about("refusing")) })
      const spare = listing("spare", { [btc]: "1" })
      for (
        const layer of [
          Composite.failover([refusing.layer, spare.layer]),
          Composite.median({ sources: [refusing.layer, spare.layer] })
        ]
      ) {
        assert.strictEqual((yield* Effect.flip(read(layer, [btc])))._tag, "InvalidRequest")
      }
    }))
})

describe("Composite.failover of tickers", () => {
  it.effect("asks the next source for symbols that the first does not list, or has only outdated tickers of", () =>
    Effect.gen(function*() {
      yield* at
      const quiet = { [btc]: now, [eth]: now - 60_001 }
      const [first, second] = [tickersAt("first", quiet), tickersAt("second", { [eth]: now, [xrp]: now })]
      const found = yield* tickersOf([xrp, eth, btc], Composite.failover([first, second], { maximumAge: "1 minute" }))
      assert.deepStrictEqual(found, ["XRP/USDT second", "ETH/USDT second", "BTC/USDT first"])
      const alone = Composite.failover([first], { maximumAge: "1 minute" })
      assert.deepStrictEqual(yield* tickersOf([eth, btc], alone), ["BTC/USDT first"])
      assert.strictEqual((yield* Effect.flip(tickersOf([eth], alone)))._tag, "ExchangeUnavailable")
      assert.strictEqual((yield* Effect.flip(tickersOf([btc, xrp], alone)))._tag, "SymbolNotFound")
    }))
})

/** A source that lists these symbols, each with a ticker of an instant. */
const tickersAt = (exchange: string, instants: { readonly [symbol: string]: number }) => {
  const ticker = (symbol: string): Effect.Effect<Ticker.Ticker, ExchangeError.MarketDataError> => {
    const at = instants[symbol]
    return at === undefined
      ? new ExchangeError.SymbolNotFound({ ...about(exchange), symbol: ExchangeSymbol.make(symbol) })
      : Effect.succeed({ exchange, symbol: ExchangeSymbol.make(symbol), at, last: Decimal.make("1") })
  }
  return source(exchange, {
    markets: Object.keys(instants).map((symbol) => ({ ...Acme.bitcoin, symbol: ExchangeSymbol.make(symbol) })),
    ticker,
    tickers: (symbols) => Effect.forEach(symbols, ticker)
  }).layer
}

const tickersOf = (symbols: ReadonlyArray<string>, layer: Layer.Layer<MarketData.MarketData>) =>
  Effect.flatMap(MarketData.MarketData, ({ tickers }) => tickers(symbols)).pipe(
    Effect.map((tickers) => tickers.map(({ exchange, symbol }) => `${symbol} ${exchange}`)),
    Effect.provide(layer)
  )

describe("Composite.median of prices", () => {
  it.effect("asks each source once for the symbols it lists, and compares symbol by symbol", () =>
    Effect.gen(function*() {
      yield* at
      const one = listing("one", { [btc]: "100", [eth]: "10" })
      const two = listing("two", { [btc]: "101", [eth]: "10", [xrp]: "1" })
      const three = listing("three", { [btc]: "500", [xrp]: undefined })
      const layer = Composite.median({ sources: [one.layer, two.layer, three.layer], maximumDeviation: "0.05" })
      const prices = yield* Effect.provide(pricesOf([xrp, eth, btc, eth]), layer)
      assert.deepStrictEqual(shown(prices), ["ETH/USDT 10 median", "BTC/USDT 100.5 median", "ETH/USDT 10 median"])
      assert.deepStrictEqual(prices[1]?.sources?.map(({ source }) => source), ["one", "two"])
      assert.deepStrictEqual(prices[0]?.rejected?.map(({ source }) => source), ["three"])
      assert.deepStrictEqual(two.requested, ["XRP/USDT ETH/USDT BTC/USDT"])
      assert.deepStrictEqual(one.requested, ["XRP/USDT ETH/USDT BTC/USDT", "ETH/USDT BTC/USDT"])
      const [single] = yield* Effect.provide(
        Effect.flatMap(MarketData.MarketData, (market) => Effect.all([market.price(btc)])),
        layer
      )
      assert.deepStrictEqual(single, prices[1])
    }))

  it.effect("fails if there is no symbol that enough sources agree on", () =>
    Effect.gen(function*() {
      yield* at
      const [one, two] = [listing("one", { [btc]: "1" }), listing("two", { [btc]: "2" })]
      const error = yield* Effect.flip(read(Composite.median({ sources: [one.layer, two.layer] }), [btc]))
      assert.include(error.message, "median.prices: only 0 of 2 sources agree on BTC/USDT")
    }))
})

describe("lastKnown of prices", () => {
  it.effect("fills in the last known prices of symbols without a current one", () =>
    Effect.gen(function*() {
      yield* at
      const some: { [symbol: string]: string | undefined } = { [btc]: "1", [eth]: "2", [xrp]: undefined }
      const flaky = listing("flaky", some)
      yield* Effect.gen(function*() {
        yield* pricesOf([btc, eth])
        some[btc] = undefined
        some[eth] = "3"
        assert.deepStrictEqual(shown(yield* pricesOf([btc, xrp, eth])), ["BTC/USDT 1 flaky", "ETH/USDT 3 flaky"])
        flaky.state.down = true
        assert.deepStrictEqual(shown(yield* pricesOf([eth, btc])), ["ETH/USDT 3 flaky", "BTC/USDT 1 flaky"])
        assert.strictEqual((yield* Effect.flip(pricesOf([xrp])))._tag, "ExchangeUnavailable")
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual((yield* Effect.flip(pricesOf([eth, btc])))._tag, "ExchangeUnavailable")
      }).pipe(Effect.provide(Composite.failover([flaky.layer], { lastKnown: "1 minute" })))
    }))
})
