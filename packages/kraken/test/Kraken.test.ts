import { Candle, Decimal, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Clock, Config, Effect, Layer, Stream } from "effect"
import { Kraken } from "../src/index.js"
import { bodies, listed, orderRow, scripted } from "./scripted.js"
import { documented, now, requestLog, simulator, timed } from "./utils.js"

const environment = Simulator.environment("kraken")

/** Runs a program on a simulated Kraken, starting at `now`. */
const simulated = <A, E>(
  effect: Effect.Effect<
    A,
    E,
    MarketData.MarketData | Kraken.MarketData | Simulator.Simulators
  >
) =>
  timed(
    Effect.provide(effect, Layer.provideMerge(Kraken.layerMarketData({ environment }), Simulator.layer("kraken")))
  )

describe("market data", () => {
  it.effect("lists the markets and requests them once for concurrent callers", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Kraken.MarketData
      const [markets] = yield* Effect.all([market.markets, market.market("ETH/BTC"), market.price("BTC/USD")], {
        concurrency: "unbounded"
      })
      assert.strictEqual(markets.find(({ symbol }) => symbol === "BTC/USD")?.id, "XXBTZUSD")
      assert.strictEqual(markets.find(({ symbol }) => symbol === "ETH/BTC")?.id, "XETHXXBT")
      assert.strictEqual(markets.find(({ symbol }) => symbol === "SOL/EUR")?.status, "halted")
      assert.deepStrictEqual(yield* requestLog, ["AssetPairs", "Ticker"])
    })))

  it.effect("sends one request a second", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Kraken.MarketData
      yield* Effect.all([market.price("BTC/USD"), market.status, market.serverTime], { concurrency: "unbounded" })
      const requests = yield* Effect.flatMap(simulator, ({ requests }) => requests)
      assert.deepStrictEqual(requests.map(({ at }) => at - now), [0, 1000, 2000, 3000])
    })))

  it.effect("returns the price with every digit", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(simulator, ({ setPrice }) => setPrice("XXBTZUSD", "64000.1"))
      const price = yield* Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USD"))
      assert.strictEqual(Decimal.format(price.amount), "64000.10000")
      assert.strictEqual(price.source, "kraken")
      assert.strictEqual(price.currency, "USD")
    })))

  it.effect("returns tickers in the requested order with one request, by ids that differ from the symbols", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Kraken.MarketData
      const symbols = ["XRP/USD", "BTC/USD", "ETH/BTC", "XRP/USD"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), symbols)
      assert.isTrue(tickers.every(({ ask, bid, last }) => [ask, bid, last].every((price) => price !== undefined)))
      assert.deepStrictEqual(yield* requestLog, ["AssetPairs", "Ticker"])
    })))

  it.effect("reads the order book, trades, status and the exchange's clock", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Kraken.MarketData
      const book = yield* market.orderBook("BTC/USD", { depth: 5 })
      assert.strictEqual(book.bids.length, 5)
      assert.strictEqual(book.asks.length, 5)
      const trades = yield* market.trades("BTC/USD", { limit: 7 })
      assert.strictEqual(trades.length, 7)
      assert.deepStrictEqual(trades.map(({ at }) => at), trades.map(({ at }) => at).toSorted((a, b) => a - b))
      assert.strictEqual((yield* market.status).status, "operational")
      const time = yield* market.serverTime
      assert.isAtMost(Math.abs(time - (yield* Clock.currentTimeMillis)), 1000)
    })))
})

const minute = 60_000
const candles = (from: number, to: number, interval: Candle.Interval = "1m") =>
  Effect.flatMap(
    Kraken.MarketData,
    (market) => Stream.runCollect(market.candles("BTC/USD", interval, { from, to }))
  ).pipe(Effect.map(Chunk.toReadonlyArray))

describe("candles", () => {
  it.effect("have their open time, and only the latest is open", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(Kraken.MarketData, ({ markets }) => markets)
      const all = yield* candles(now - 3 * minute, now + minute)
      assert.deepStrictEqual(
        all.map(({ isOpen, openTime }) => [openTime - now, isOpen]),
        [[-3 * minute, false], [-2 * minute, false], [-minute, false], [0, true]]
      )
    })))

  for (const interval of Kraken.features.candles) {
    it.effect(`of ${interval} reach back 720 intervals, and earlier ones are Unsupported`, () =>
      simulated(Effect.gen(function*() {
        const length = Candle.closeTime(interval, 0)
        const oldest = Candle.shift(interval, now, -720)
        const some = yield* candles(oldest, oldest + 2 * length, interval)
        assert.deepStrictEqual(some.map(({ openTime }) => openTime), [oldest, oldest + length])
        const before = (yield* requestLog).length
        const error = yield* Effect.flip(candles(oldest - length, oldest + 2 * length, interval))
        assert(error._tag === "Unsupported")
        assert.include(error.message, new Date(oldest).toISOString())
        assert.include(error.alternative, "trades")
        assert.strictEqual((yield* requestLog).length, before)
      })))
  }
})

describe("trading", () => {
  const bid = { type: "limit", symbol: "BTC/USD", side: "buy", amount: "0.01", price: "59000.5" } as const

  it.effect("sends an order with a client order id and a deadline, and no optional fields", () =>
    scripted(
      {
        ...listed,
        AddOrder: ["O1", "O2"].map((id) => ({ error: [], result: { txid: [id], descr: { order: "" } } })),
        QueryOrders: [
          { error: [], result: { O1: orderRow({ cl_ord_id: "mine", opentm: now / 1000, price: "59000.5" }) } },
          { error: [], result: { O2: orderRow({ cl_ord_id: "it", opentm: now / 1000, side: "sell", type: "market" }) } }
        ]
      },
      Effect.gen(function*() {
        const trading = yield* Kraken.Trading
        const order = yield* trading.place({ ...bid, postOnly: true, clientOrderId: "mine" })
        assert.strictEqual(order.id, "O1")
        yield* trading.place({ type: "market", symbol: "BTC/USD", side: "sell", amount: "0.01", clientOrderId: "it" })
        const sent = (yield* bodies).filter(({ name }) => name === "AddOrder").map(({ body }) =>
          Object.fromEntries(Array.from(new URLSearchParams(body)).filter(([name]) => name !== "nonce"))
        )
        const deadline = "2025-11-24T00:00:15.000Z"
        assert.deepStrictEqual(sent, [
          {
            pair: "XXBTZUSD",
            ordertype: "limit",
            type: "buy",
            volume: "0.01",
            price: "59000.5",
            timeinforce: "GTC",
            oflags: "post",
            cl_ord_id: "mine",
            deadline
          },
          { pair: "XXBTZUSD", ordertype: "market", type: "sell", volume: "0.01", cl_ord_id: "it", deadline }
        ])
      })
    ))

  it.effect("amends with the changed values only, and keeps post-only", () =>
    scripted(
      {
        ...listed,
        AmendOrder: [{ error: [], result: { amend_id: "" } }],
        // Before and after each amendment.
        QueryOrders: [
          { error: [], result: { O1: { ...orderRow({}), oflags: "post,fciq" } } },
          { error: [], result: { O1: { ...orderRow({ price: "58000.0" }), oflags: "post,fciq" } } },
          { error: [], result: { O1: { ...orderRow({ price: "58000.0" }), oflags: "post,fciq" } } },
          { error: [], result: { O1: { ...orderRow({ price: "58000.0" }), vol: "0.02000000", oflags: "post,fciq" } } }
        ]
      },
      Effect.gen(function*() {
        const trading = yield* Kraken.Trading
        yield* trading.amend({ symbol: "BTC/USD", id: "O1" }, { price: "58000" })
        yield* trading.amend({ symbol: "BTC/USD", id: "O1" }, { amount: "0.02" })
        const sent = (yield* bodies).filter(({ name }) => name === "AmendOrder").map(({ body }) =>
          body.replace(/^nonce=\d+&/, "").replace(/&?deadline=[^&]+/, "")
        )
        assert.deepStrictEqual(sent, ["txid=O1&limit_price=58000&post_only=true", "txid=O1&order_qty=0.02"])
      })
    ))

  it.effect("cancelAll cancels all other orders before it fails with the refusal of one", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{ error: [], result: { open: { O1: orderRow({}), O2: orderRow({}) } } }],
        CancelOrderBatch: [{ error: ["EOrder:Unknown order"] }],
        CancelOrder: [{ error: ["EOrder:Frozen"] }, { error: [], result: { count: 1 } }]
      },
      Effect.gen(function*() {
        const trading = yield* Kraken.Trading
        assert.strictEqual((yield* Effect.flip(trading.cancelAll("BTC/USD")))._tag, "OrderRejected")
        assert.strictEqual((yield* bodies).filter(({ name }) => name === "CancelOrder").length, 2)
      })
    ))

  it.effect("cancelAll cancels again the orders that are still open, and returns those that were canceled", () => {
    const [first, second] = [orderRow({}), orderRow({ price: "58000.0" })]
    return scripted(
      {
        ...listed,
        OpenOrders: [
          { error: [], result: { open: { O1: first, O2: second } } },
          { error: [], result: { open: { O2: second } } },
          { error: [], result: { open: {} } }
        ],
        CancelOrderBatch: [{ error: [], result: { count: 1 } }],
        QueryOrders: [{ error: [], result: { O1: { ...first, status: "canceled" }, O2: second } }]
      },
      Effect.gen(function*() {
        const trading = yield* Kraken.Trading
        assert.deepStrictEqual(yield* trading.cancelAll("BTC/USD"), ["O1", "O2"])
        const sent = (yield* bodies).filter(({ name }) => name === "CancelOrderBatch").map(({ body }) =>
          body.replace(/^.*"orders":/, "")
        )
        assert.deepStrictEqual(sent, ["[\"O1\",\"O2\"]}", "[\"O2\"]}"])
      })
    )
  })

  for (const skew of [{ ahead: "40 seconds" }, { behind: "50 seconds" }] as const) {
    it.effect(`sets the deadline by the exchange's clock: ${JSON.stringify(skew)}`, () =>
      timed(Effect.provide(
        Effect.gen(function*() {
          const trading = yield* Trading.Trading
          const order = yield* trading.place({ ...bid, price: "1000" })
          assert.strictEqual(order.status, "open")
        }),
        Layer.provideMerge(
          Layer.provide(
            Kraken.layer({ environment, credentials: Simulator.credentials("kraken") }),
            OrderJournal.layerNone
          ),
          Simulator.layer("kraken", { faults: Faults.make({ clockSkew: skew }) })
        )
      )))
  }

  it.effect("fails with Unsupported if configuration names a testnet, and names the alternative", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Kraken.MarketData, (market) => market.serverTime))
      assert.strictEqual(error._tag, "Unsupported")
      assert.include(error.message, "simulator")
    }).pipe(
      Effect.provide(
        Layer.provide(
          Layer.provide(
            Kraken.layerConfig({ environment: Config.succeed("testnet"), credentials: Config.succeed(documented) }),
            OrderJournal.layerNone
          ),
          ScriptedHttp.layer([])
        )
      )
    ))
})
