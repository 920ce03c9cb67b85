import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Stream } from "effect"
import { Exchange, Listing } from "../src/adapter.js"
import { Decimal, ExchangeError, ExchangeSymbol, type Market, OrderJournal } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { credentials, environment, http } from "./support/exchange.js"

const market = (base: string, multiplier?: string): Market.Market => ({
  symbol: ExchangeSymbol.make(`${base}/USDT:USDT`),
  id: base,
  kind: "perpetual",
  status: "open",
  base,
  quote: "USDT",
  settle: "USDT",
  multiplier: multiplier === undefined ? undefined : Decimal.make(multiplier)
})

const notAsked = () => () => Effect.die("not asked")

const level = { price: Decimal.make("5"), amount: Decimal.make("8") }

const volume = { linear: Decimal.make("8"), inverse: Decimal.make("16") }

const ticker = { last: Decimal.make("5"), volume24h: volume, at: 0 }

const bar = { openTime: 0, open: level.price, high: level.price, low: level.price, close: level.price, volume }

const acme = (
  cancelAll: Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError>,
  volumes: ReadonlyArray<"tickers" | "candles">
) =>
  Exchange.define({
    name: "Acme",
    protocol: Acme.protocol,
    kinds: ["perpetual"],
    lacks: ["positions", "amend", "placeBatch"],
    unit: ({ multiplier }) => multiplier,
    volumes,
    marketData: {
      listings: [
        () => () =>
          Effect.succeed([market("BTC", "0.125"), { ...market("LTC", "0.125"), inverse: true }, market("ETH")])
      ],
      ticker: () => () => Effect.succeed(ticker),
      book: { depths: 50, read: () => () => Effect.succeed({ bids: [level], asks: [] }) },
      trades: { most: 50, order: "newest first", read: notAsked },
      candles: { words: { "1m": "1m" }, page: 10, read: () => () => Effect.succeed([bar]) },
      status: notAsked
    },
    account: {
      balances: notAsked,
      keyPermissions: notAsked,
      openOfAll: notAsked,
      byId: notAsked,
      byName: [notAsked],
      ended: { order: "newest first", read: notAsked },
      fills: { order: "newest first", read: () => () => Effect.succeed(Listing.of([])) }
    },
    trading: {
      names: { pattern: /^\w+$/, described: "letters", make: (hex) => hex },
      timeInForce: ["GTC"],
      reduceOnly: false,
      deduplicates: "never",
      takenWithin: "1 second",
      seenWithin: "1 second",
      place: notAsked,
      cancel: { by: "either", ask: notAsked },
      cancelAll: { ids: () => () => cancelAll }
    }
  })

const layersFor = (
  cancelAll: Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError> = Effect.succeed([]),
  volumes: ReadonlyArray<"tickers" | "candles"> = ["candles"]
) => {
  const exchange = acme(cancelAll, volumes)
  const layer = exchange.layer({ environment, credentials, trading: "enabled" }).pipe(
    Layer.provide(OrderJournal.layerNone),
    Layer.provide(http)
  )
  return { ...exchange, layer }
}

describe("a declared unit", () => {
  it.effect("converts amounts without adding trailing zeros", () => {
    const { MarketData, layer } = layersFor()
    return Effect.gen(function*() {
      const { bids } = yield* Effect.flatMap(MarketData, (market) => market.orderBook("BTC/USDT:USDT"))
      assert.deepStrictEqual(bids.map(({ amount }) => Decimal.format(amount)), ["1"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("converts the declared volumes only, and uses the separate volume of inverse contracts", () => {
    const { MarketData, layer } = layersFor()
    return Effect.gen(function*() {
      const market = yield* MarketData
      const volumes = (symbol: string) =>
        Effect.gen(function*() {
          const { volume24h } = yield* market.ticker(symbol)
          const candles = yield* Stream.runCollect(market.candles(symbol, "1m", { from: 0, to: 60_000 }))
          return [volume24h, ...Chunk.map(candles, ({ volume }) => volume)].map((each) => each && Decimal.format(each))
        })
      assert.deepStrictEqual(yield* volumes("BTC/USDT:USDT"), ["8", "1"])
      assert.deepStrictEqual(yield* volumes("LTC/USDT:USDT"), ["16", "2"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("leaves the volume of a ticker undefined if the unit cannot be determined", () => {
    const { MarketData, layer } = layersFor(undefined, ["tickers"])
    return Effect.gen(function*() {
      const { ticker } = yield* MarketData
      const volumes = yield* Effect.forEach(
        ["BTC/USDT:USDT", "ETH/USDT:USDT"],
        (symbol) => Effect.map(ticker(symbol), ({ volume24h }) => volume24h && Decimal.format(volume24h))
      )
      assert.deepStrictEqual(volumes, ["1", undefined])
    }).pipe(Effect.provide(layer))
  })

  it.effect("makes order books and candles fail with Unsupported if the unit cannot be determined", () => {
    const { MarketData, layer } = layersFor()
    return Effect.gen(function*() {
      const market = yield* MarketData
      for (
        const read of [
          market.orderBook("ETH/USDT:USDT"),
          Stream.runDrain(market.candles("ETH/USDT:USDT", "1m", { from: 0, to: 60_000 }))
        ]
      ) assert.strictEqual((yield* Effect.flip(read))._tag, "Unsupported")
    }).pipe(Effect.provide(layer))
  })
})

describe("cancelAll with an answer that contains the ids", () => {
  const canceledIds = (answer: Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError>) => {
    const { Trading, layer } = layersFor(answer)
    return Effect.flatMap(Trading, (trading) => trading.cancelAll("BTC/USDT:USDT")).pipe(Effect.provide(layer))
  }

  it.effect("returns these ids without listing open orders first", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* canceledIds(Effect.succeed(["1", "2"])), ["1", "2"])
    }))

  it.effect("returns no ids if the exchange finds no order", () =>
    Effect.gen(function*() {
      const none = new ExchangeError.OrderNotFound({ exchange: "acme", operation: "cancelAll", detail: "none" })
      assert.deepStrictEqual(yield* canceledIds(none), [])
    }))
})
