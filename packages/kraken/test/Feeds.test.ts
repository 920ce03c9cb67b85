import { Decimal, ExchangeSymbol, FeedItem, LocalOrderBook, type Market, MarketData } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, Socket } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { register } from "../../exchanges/test/support/feeds.js"
import { checksum, feeds } from "../src/Feeds.js"
import { Kraken } from "../src/index.js"
import * as Markets from "../src/Markets.js"
import { subject } from "./feeds.js"

register(subject)

it.effect("a feed uses the sockets its Layer was built with, not those in the context of the subscriber", () =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    const fiber = yield* Effect.fork(Stream.runHead(FeedItem.data(market.streamTicker("BTC/USD"))))
    yield* TestClock.adjust("3 seconds")
    expect(Option.isSome(yield* Fiber.join(fiber))).toBe(true)
  }).pipe(
    Effect.provide(
      Layer.provide(Kraken.layerMarketData({ environment: Simulator.environment("kraken") }), Simulator.layer("kraken"))
    ),
    Effect.provideService(Socket.WebSocketConstructor, () => {
      throw new Error("another socket was opened")
    })
  ))

it.effect("a feed fails with Unsupported if its Layer was built without sockets", () =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    const error = yield* Effect.flip(Stream.runDrain(market.streamTicker("BTC/USD")))
    expect(error._tag).toBe("Unsupported")
    expect(error.message).toContain("NodeExchange.layer")
  }).pipe(
    Effect.provide(
      Layer.provide(
        Kraken.layerMarketData({ environment: Simulator.environment("kraken") }),
        Layer.map(Simulator.layer("kraken"), Context.pick(HttpClient.HttpClient))
      )
    )
  ))

it("a message that exceeds Kraken's rate ends the connection, which does not fail the streams", () => {
  const error = "Exceeded msg rate"
  const ended = [{ _tag: "Ended", because: `the exchange refused temporarily: ${error}` }]
  expect(feeds.protocol.read({ error, method: "subscribe", req_id: 7, success: false, symbol: "BTC/USD" })).toEqual(
    ended
  )
  // The subscription that was refused is unknown.
  expect(feeds.protocol.read({ error })).toEqual(ended)
  expect(feeds.protocol.read({ error: "Something else" })).toBeUndefined()
})

it("a candle has the time at which its message was sent", () => {
  const row = {
    symbol: "BTC/USD",
    open: 1,
    high: 2,
    low: 1,
    close: 2,
    trades: 3,
    volume: 4,
    vwap: 1.5,
    interval_begin: "2026-11-02T16:25:00.000000000Z",
    interval: 5,
    timestamp: "2026-11-02T16:30:00.000000Z"
  }
  const frame = { channel: "ohlc", type: "update", timestamp: "2026-11-02T16:26:30.524394914Z", data: [row] }
  const [message] = feeds.protocol.read(frame) ?? []
  if (message?._tag !== "Data") throw new Error("not understood")
  expect(message.key).toBe("ohlc BTC/USD 5")
  const market = undefined as never
  const found = Listing.from(feeds.candles?.reader(market, "5")(message.frame) ?? []).rows
  expect(found.map(({ openTime, sentAt }) => [openTime, sentAt])).toEqual([
    [Date.UTC(2026, 10, 2, 16, 25), Date.UTC(2026, 10, 2, 16, 26, 30, 524)]
  ])
})

it("the checksum of an order book prints prices with all decimals of the pair, which its tick need not have", () => {
  const market = Markets.read({
    id: "XBTUSD",
    altname: "XBTUSD",
    wsname: "XBT/USD",
    priceDecimals: 2,
    lotDecimals: 3,
    tickSize: Decimal.make("0.5"),
    status: "open",
    minAmount: undefined,
    minNotional: undefined
  })
  if (market === undefined) throw new Error("not read")
  expect(Decimal.format(market.tickSize ?? Decimal.make("0"))).toBe("0.50")
  const book = LocalOrderBook.make({ exchange: "kraken", symbol: ExchangeSymbol.make("BTC/USD") })
  LocalOrderBook.replace(book, [["64000.5", "0.25"]], [["64001", "1"]])
  expect(checksum(market)(book)).toBe(LocalOrderBook.crc32(["6400100", "1000", "6400050", "250"].join("")))
})

it.effect("an order book resumes after Kraken has changed the decimals of its prices, on which the checksum depends", () => {
  const on = (markets?: ReadonlyArray<Market.Market>) =>
    Layer.provide(
      Kraken.layerMarketData({ environment: Simulator.environment("kraken"), markets }),
      Simulator.layer("kraken")
    )
  const bitcoin = Effect.flatMap(MarketData.MarketData, ({ market }) => market("BTC/USD"))
  return Effect.gen(function*() {
    const market = yield* Effect.provide(bitcoin, on())
    const fiber = yield* Effect.flatMap(MarketData.MarketData, ({ streamOrderBook }) =>
      streamOrderBook("BTC/USD").pipe(
        Stream.map(({ _tag }) => _tag),
        Stream.changes,
        Stream.takeUntil((tag) => tag === "Data"),
        Stream.runCollect
      )).pipe(
        Effect.provide(on([{ ...market, tickSize: Decimal.make("0.0001") }])),
        Effect.fork
      )
    yield* TestClock.adjust("3 minutes")
    expect(Array.from(yield* Fiber.join(fiber))).toEqual(["Stale", "Resynced", "Data"])
  })
})
