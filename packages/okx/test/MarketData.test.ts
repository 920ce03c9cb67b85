import { Candle } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Record, Stream, TestClock } from "effect"
import { Okx, OkxEndpoints } from "../src/index.js"
import { answered, listed, requests, scripted } from "./scripted.js"
import { envelope, error, json, now, rows, shown, spot } from "./utils.js"

// The markets are requested.
const loaded = { markets: undefined }

const markets = (answers: Parameters<typeof listed>[0]) =>
  scripted(listed(answers), Effect.flatMap(Okx.MarketData, ({ markets }) => markets), loaded)

const bySymbol = (answers: Parameters<typeof listed>[0]) =>
  Effect.map(
    markets(answers),
    Record.fromIterableWith((market) => [`${market.symbol}`, shown(market)])
  )

describe("markets", () => {
  const steps = (market: ReturnType<typeof shown>) => {
    const { id, kind, lotSize, maxAmount, minAmount, multiplier, status, tickSize } = market
    return [id, kind, status, tickSize, lotSize, minAmount, maxAmount, multiplier]
  }

  it.effect("of spot have their currencies, status and rules", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(Record.map(yield* bySymbol({ spot: answered("instruments_spot") }), steps), {
        "BTC/USDT": ["BTC-USDT", "spot", "open", "0.1", "0.00000001", "0.00001", "9999999999", undefined],
        "ETH/BTC": ["ETH-BTC", "spot", "halted", "0.00001", "0.000001", "0.001", undefined, undefined],
        "NEW/USDT": ["NEW-USDT", "spot", "halted", "0.0001", "0.01", "10", "100000000", undefined],
        "PEPE/USDT": ["PEPE-USDT", "spot", "unknown", "0.00000000001", "1", "100000", "100000000", undefined]
      })
    }))

  it.effect("of linear contracts have lots in the base currency, those of inverse ones in contracts", () =>
    Effect.gen(function*() {
      const swaps = yield* bySymbol({ swap: answered("instruments_swap") })
      assert.deepStrictEqual(Record.map(swaps, steps), {
        "BTC/USD:BTC": ["BTC-USD-SWAP", "perpetual", "open", "0.1", "1", "1", "100000000", "100"],
        "BTC/USDT:USDT": ["BTC-USDT-SWAP", "perpetual", "open", "0.1", "0.0001", "0.0001", "1000000", "0.01"],
        "PEPE/USDT:USDT": [
          "PEPE-USDT-SWAP",
          "perpetual",
          "halted",
          "0.000000001",
          "1000000",
          "1000000",
          "1000000000000000",
          "10000000"
        ],
        // A contract that settles in another currency is a separate market.
        "BTC/USD:USDC": ["BTC-USD_UM-SWAP", "perpetual", "open", "0.1", "0.0001", "0.0001", "1000000", "0.01"]
      })
      const { "BTC/USD:BTC": inverse, "BTC/USDT:USDT": linear } = swaps
      assert.deepStrictEqual([inverse?.["inverse"], inverse?.["settle"], inverse?.["base"], inverse?.["quote"]], [
        true,
        "BTC",
        "BTC",
        "USD"
      ])
      assert.deepStrictEqual([linear?.["inverse"], linear?.["settle"]], [false, "USDT"])
    }))

  it.effect("of futures have their expiry, and options are left out", () =>
    Effect.gen(function*() {
      const futures = yield* bySymbol({ futures: answered("instruments_futures") })
      assert.deepStrictEqual(Record.map(futures, ({ id, kind }) => [id, kind]), {
        "BTC/USDT:USDT-260327": ["BTC-USDT-260327", "future"],
        "BTC/USD:BTC-260327": ["BTC-USD-260327", "future"]
      })
      const [first] = rows("instruments_futures")
      const undated = { ...first, instId: "BTC-USDT-SOON", expTime: "" }
      assert.deepStrictEqual(yield* bySymbol({ futures: envelope(undated) }), {})
    }))

  it.effect("of futures keep their symbol when they are to be delisted, which changes their expiry", () =>
    Effect.gen(function*() {
      const [first] = rows("instruments_futures")
      const delisted = { ...first, expTime: String(Date.UTC(2026, 0, 15, 8)) }
      assert.deepStrictEqual(Object.keys(yield* bySymbol({ futures: envelope(delisted) })), ["BTC/USDT:USDT-260327"])
    }))

  it.effect("that accept only post-only orders are open", () =>
    Effect.gen(function*() {
      const swap = rows("instruments_swap")[1]
      const statusOf = (state: string) =>
        Effect.map(markets({ swap: envelope({ ...swap, state }) }), ([market]) => market?.status)
      assert.strictEqual(yield* statusOf("post_only"), "open")
      assert.strictEqual(yield* statusOf("rebase"), "halted")
    }))

  it.effect("of contracts without a known value are left out", () =>
    Effect.gen(function*() {
      const swap = rows("instruments_swap")[1]
      for (
        const odd of [{ ctVal: "" }, { ctVal: "0" }, { ctMult: "0" }, { ctValCcy: "USD" }, { settleCcy: "" }, {
          uly: "BTC"
        }]
      ) {
        assert.deepStrictEqual(yield* bySymbol({ swap: envelope({ ...swap, ...odd }) }), {}, JSON.stringify(odd))
      }
      assert.strictEqual(Object.keys(yield* bySymbol({ swap: envelope({ ...swap, ctMult: "" }) })).length, 1)
    }))

  it.effect("that cannot be decoded are left out, and the listing fails only if none can be decoded", () =>
    Effect.gen(function*() {
      const [known] = rows("instruments_spot")
      const strange = envelope({ instId: 7 })
      assert.strictEqual((yield* markets({ spot: envelope(known, { instId: 7 }) })).length, 1)
      const failed = yield* Effect.flip(markets({ spot: strange, swap: strange, futures: strange }))
      assert.strictEqual(failed._tag, "MalformedResponse")
      assert.deepStrictEqual(yield* markets({}), [])
    }))

  it.effect("are listed if one of the listings fails, and fail if all do", () =>
    Effect.gen(function*() {
      const refused = json(error("51000", "Parameter instType error"))
      const all = { spot: answered("instruments_spot"), swap: answered("instruments_swap") }
      assert.strictEqual((yield* markets({ ...all, futures: refused })).length, 8)
      assert.strictEqual((yield* markets({ ...all, swap: refused })).length, 4)
      assert.strictEqual((yield* markets({ ...all, spot: refused, futures: envelope({ instId: 7 }) })).length, 4)
      const failed = yield* Effect.flip(markets({ spot: refused, swap: refused, futures: refused }))
      assert.strictEqual(failed._tag, "InvalidRequest")
    }))

  it.effect("of a listing that fails when it is reloaded remain known", () =>
    scripted(
      {
        ...listed({ spot: answered("instruments_spot") }),
        "public/instruments?instType=SWAP": [answered("instruments_swap"), json(error("51000", "Parameter error"))]
      },
      Effect.gen(function*() {
        const data = yield* Okx.MarketData
        const before = yield* data.markets
        yield* TestClock.adjust("1 hour")
        const after = yield* data.markets
        const swaps = (yield* requests).filter(({ target }) => target.endsWith("SWAP"))
        assert.strictEqual(swaps.length, 2)
        assert.deepStrictEqual(after.map(({ id }) => id), before.map(({ id }) => id))
        assert.strictEqual((yield* data.market("BTC/USDT:USDT")).id, "BTC-USDT-SWAP")
      }),
      loaded
    ))

  it.effect("in another script hide no other, and can be requested by their ids", () =>
    Effect.gen(function*() {
      const [, swap] = rows("instruments_swap")
      const instId = "币安人生-USDT-SWAP"
      const strange = { ...swap, instId, uly: "币安人生-USDT", instFamily: "币安人生-USDT", ctValCcy: "币安人生" }
      const [ticker] = rows("tickers")
      const [tickers, asked] = yield* scripted(
        {
          ...listed({ swap: envelope(strange, swap) }),
          "market/tickers?instType=SWAP": [envelope({ ...ticker, instId }, ticker)],
          "market/ticker": [envelope({ ...ticker, instId })]
        },
        Effect.gen(function*() {
          const market = yield* Okx.MarketData
          const tickers = yield* market.tickers(["BTC/USDT:USDT"])
          yield* market.request(OkxEndpoints.ticker, { instId })
          return [tickers, yield* requests] as const
        }),
        loaded
      )
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), ["BTC/USDT:USDT"])
      assert.strictEqual(
        asked.at(-1)?.target,
        "market/ticker?instId=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F-USDT-SWAP"
      )
    }))
})

describe("public data", () => {
  it.effect("a ticker has its volume in the base currency, also of contracts", () =>
    Effect.gen(function*() {
      const solana = { ...spot, id: "SOL-USDT" }
      const [one, [linear, inverse]] = yield* scripted(
        { "market/ticker?": [answered("ticker")], "market/tickers?instType=SWAP": [answered("tickers")] },
        Effect.flatMap(
          Okx.MarketData,
          (market) => Effect.all([market.ticker("BTC/USDT"), market.tickers(["BTC/USDT:USDT", "BTC/USD:BTC"])])
        )
      )
      assert.deepStrictEqual(shown(one), {
        exchange: "okx",
        symbol: spot.symbol,
        last: "87301.2",
        bid: "87301.2",
        ask: "87301.3",
        open24h: "86000",
        high24h: "88000.5",
        low24h: "85421",
        volume24h: "6120.55",
        at: 1_763_942_400_123
      })
      assert.deepStrictEqual([linear, inverse].map((each) => each && shown(each)["volume24h"]), [
        // 8800123.45 contracts of 0.01 each, which is the volume that OKX lists in the base currency.
        "88001.2345",
        // 1200345 contracts of 100 dollars each.
        "1375.1"
      ])
      assert.strictEqual(rows("tickers")[0]?.["volCcy24h"], "88001.2345")
      const [, , empty] = rows("tickers")
      const without = yield* scripted(
        { "market/ticker?": [envelope(empty)] },
        Effect.flatMap(Okx.MarketData, (market) => market.ticker("BTC/USDT")),
        { markets: [solana] }
      )
      assert.deepStrictEqual([without.last, without.bid, without.ask], [undefined, undefined, undefined])
    }))

  it.effect("an order book has amounts in the base currency, best first, from either endpoint", () =>
    Effect.gen(function*() {
      const [book, full] = yield* scripted(
        { "market/books?": [answered("books")], "market/books-full?": [answered("books_full")] },
        Effect.flatMap(
          Okx.MarketData,
          (market) => Effect.all([market.orderBook("BTC/USDT:USDT"), market.orderBook("BTC/USD:BTC", { depth: 401 })])
        )
      )
      const levels = (side: typeof book.asks) => side.map((level) => Object.values(shown(level)))
      assert.deepStrictEqual(levels(book.asks), [["87301.3", "0.0075"], ["87301.9", "1.2"]])
      assert.deepStrictEqual(levels(book.bids), [["87301.2", "0.015"], ["87300", "0.0001"]])
      assert.deepStrictEqual([book.at, book.sequence], [1_763_942_400_123, "987654321012"])
      assert.deepStrictEqual([levels(full.asks), full.sequence], [[["87301.3", "0.75"]], undefined])
    }))

  it.effect("trades have the taker's side and amounts in the base currency, oldest first", () =>
    Effect.gen(function*() {
      const trades = yield* scripted(
        { "market/trades?instId=BTC-USDT-SWAP&limit=100": [answered("trades")] },
        Effect.flatMap(Okx.MarketData, (market) => market.trades("BTC/USDT:USDT"))
      )
      assert.deepStrictEqual(trades.map(shown).map(({ amount, at, id, side }) => [id, side, amount, at]), [
        ["834864332", "buy", "0.125", 1_763_942_398_666],
        ["834864333", "sell", "0.0000013669", 1_763_942_399_557]
      ])
    }))

  it.effect("candles have their open time, and their volume in the base currency, or in contracts of inverse ones", () =>
    Effect.gen(function*() {
      const candles = (symbol: string) =>
        scripted(
          {
            "market/candles?": [
              json(JSON.stringify({
                code: "0",
                data: [
                  ["1763942400000", "87301.2", "87310", "87299.9", "87305", "12.5", "0.125", "10913.125", "0"],
                  ["1763942340000", "87290", "87301.5", "87288.1", "87301.2", "3.75", "0.0375", "3273.795", "1"]
                ],
                msg: ""
              }))
            ]
          },
          Effect.flatMap(
            Okx.MarketData,
            (market) => Stream.runCollect(market.candles(symbol, "1m", { from: now - 60_000, to: now + 1 }))
          )
        ).pipe(Effect.map((all) => Array.from(all, shown)))
      assert.deepStrictEqual(
        (yield* candles("BTC/USDT:USDT")).map(({ close, high, low, open, openTime, volume }) => [
          openTime,
          open,
          high,
          low,
          close,
          volume
        ]),
        [
          [now - 60_000, "87290", "87301.5", "87288.1", "87301.2", "0.0375"],
          [now, "87301.2", "87310", "87299.9", "87305", "0.125"]
        ]
      )
      const volumes = (symbol: string) => Effect.map(candles(symbol), (all) => all.map(({ volume }) => volume))
      assert.deepStrictEqual(yield* volumes("BTC/USD:BTC"), ["3.75", "12.5"])
      assert.deepStrictEqual(yield* volumes("BTC/USDT"), ["3.75", "12.5"])
    }))

  it.effect("candles of more than four hours are requested by UTC, and every interval in OKX's notation", () =>
    Effect.gen(function*() {
      const asked = yield* scripted(
        { "market/candles?": [envelope()], "market/history-candles?": [envelope()] },
        Effect.gen(function*() {
          const market = yield* Okx.MarketData
          for (const interval of Okx.features.candles) {
            yield* Stream.runDrain(market.candles("BTC/USDT", interval, { from: Candle.shift(interval, now, -1) }))
          }
          return yield* requests
        })
      )
      assert.deepStrictEqual([...new Set(asked.map(({ url }) => new URL(url).searchParams.get("bar")))], [
        "1m",
        "3m",
        "5m",
        "15m",
        "30m",
        "1H",
        "2H",
        "4H",
        "6Hutc",
        "12Hutc",
        "1Dutc",
        "1Wutc",
        "1Mutc"
      ])
    }))

  it.effect("candles from the epoch are requested without a negative instant, which OKX refuses", () =>
    Effect.gen(function*() {
      const asked = yield* scripted(
        { "market/candles?": [envelope()], "market/history-candles?": [envelope()] },
        Effect.gen(function*() {
          const market = yield* Okx.MarketData
          yield* Stream.runDrain(market.candles("BTC/USDT", "1M", { from: 0 }))
          return yield* requests
        })
      )
      const instants = asked.flatMap(({ url }) => new URL(url).searchParams.getAll("before"))
      assert.deepStrictEqual(instants.filter((instant) => Number(instant) < 0), [])
    }))

  const maintenance = { title: "Upgrade", state: "ongoing", serviceType: "5", env: "1" }
  const status = (answer: unknown, environment?: "testnet") =>
    scripted(
      { "system/status": [answer] },
      Effect.flatMap(Okx.MarketData, ({ status }) => status),
      environment === undefined ? {} : { environment }
    )

  it.effect("the status is the worst ongoing maintenance of the environment", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* status(answered("status")), {
        exchange: "okx",
        status: "maintenance",
        detail: "Trading system upgrade",
        at: now
      })
      // The maintenance is of the live exchange; demo trading has none.
      assert.deepStrictEqual(yield* status(answered("status"), "testnet"), {
        exchange: "okx",
        status: "operational",
        at: now
      })
      const statusOf = (...changes: ReadonlyArray<object>) =>
        Effect.map(status(envelope(...changes.map((each) => ({ ...maintenance, ...each })))), ({ status }) => status)
      assert.strictEqual(yield* statusOf(), "operational")
      // A row that cannot be decoded may be of any state.
      assert.strictEqual(yield* statusOf({ state: null }), "unknown")
      assert.strictEqual(yield* statusOf({ state: null }, {}), "maintenance")
      assert.strictEqual(
        yield* statusOf({ state: "scheduled" }, { state: "completed" }, { serviceType: "0" }),
        "operational"
      )
      assert.strictEqual(yield* statusOf({ serviceType: "0" }, { serviceType: "9" }), "limited")
      assert.strictEqual(yield* statusOf({ serviceType: "9" }, {}), "maintenance")
      assert.strictEqual(yield* statusOf({ state: "pre_open" }), "limited")
      assert.strictEqual(yield* statusOf({ serviceType: "1234" }), "unknown")
      assert.strictEqual(yield* statusOf({ env: "2" }), "operational")
      assert.strictEqual(yield* statusOf({ env: "" }), "maintenance")
    }))

  it.effect("the exchange's clock is decoded from milliseconds only", () =>
    Effect.gen(function*() {
      const time = (ts: unknown) =>
        scripted(
          { "public/time": [envelope({ ts })] },
          Effect.flatMap(Okx.MarketData, ({ serverTime }) => Effect.either(serverTime))
        )
      assert.deepStrictEqual(yield* time("1597026383085"), Either.right(1_597_026_383_085))
      for (const ts of ["", "-1", "soon", undefined]) assert.isTrue(Either.isLeft(yield* time(ts)), ts)
    }))
})
