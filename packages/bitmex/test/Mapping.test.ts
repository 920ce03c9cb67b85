import { Account, Decimal, type Market, Telemetry } from "@effect-exchange/core"
import { Wire } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck, Metric, Record, Redacted, Schema, Stream, TestClock } from "effect"
import { BitMex, BitMexEndpoints } from "../src/index.js"
import * as Rows from "../src/Rows.js"
import { listed, scripted, sent, shown } from "./scripted.js"
import { documented, fixture, json, now } from "./utils.js"

const text = (decimal: Parameters<typeof Decimal.format>[0] | undefined) =>
  decimal === undefined ? undefined : Decimal.format(decimal)

const markets = Effect.flatMap(BitMex.MarketData, ({ markets }) => markets)

const byId = (id: string) =>
  Effect.map(markets, (all): Market.Market => all.find((market) => market.id === id) ?? assert.fail(id))

/** The number of rows of an operation that were counted as unknown. */
const unknownRowCount = (operation: string) =>
  Telemetry.unknownRows.pipe(
    Metric.tagged("exchange", "bitmex"),
    Metric.tagged("operation", operation),
    Metric.value,
    Effect.map(({ count }) => count)
  )

const instrument = {
  symbol: "XBTUSDT",
  typ: "FFWCSX",
  state: "Open",
  underlying: "XBT",
  quoteCurrency: "USDT",
  settlCurrency: "USDt",
  expiry: "2026-12-25T12:00:00.000Z",
  underlyingToPositionMultiplier: 1_000_000,
  lotSize: 1000,
  timestamp: "2026-08-20T10:15:30.123Z"
}

describe("markets", () => {
  it.effect("have their kind, assets, status, tick size and lot size; a lot of an inverse contract is in contracts", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const all = yield* markets
        assert.deepStrictEqual(
          Record.fromIterableWith(all, ({ id, kind, lotSize, status, symbol, tickSize }) => [
            id,
            [`${symbol}`, kind, status, text(tickSize), text(lotSize)]
          ]),
          {
            XBTUSD: ["BTC/USD:BTC", "perpetual", "open", "0.1", "100"],
            XBTUSDT: ["BTC/USDT:USDT", "perpetual", "open", "0.1", "0.001"],
            // It lists only the value of one coin in settlement units.
            SHIBUSDT: ["SHIB/USDT:USDT", "perpetual", "open", "0.00000001", "125"],
            // A quanto contract: its value in the base currency changes with the price.
            ETHUSD: ["ETH/USD:BTC", "perpetual", "open", "0.05", undefined],
            XBT_USDT: ["BTC/USDT", "spot", "open", "0.5", "0.0001"],
            XBTZ26: ["BTC/USD:BTC-261225", "future", "open", "0.5", "100"],
            XBTH26: ["BTC/USD:BTC-260327", "future", "closed", "0.5", "100"],
            EURUSDT: ["EUR/USDT:USDT", "perpetual", "halted", "0.0001", "1"],
            TSLAUSDT: ["TSLA/USDT:USDT", "perpetual", "unknown", undefined, undefined]
          }
        )
        assert.strictEqual(new Set(all.map(({ symbol }) => symbol)).size, all.length)
        const { base, quote } = yield* byId("XBTUSD")
        assert.deepStrictEqual([base, quote], ["BTC", "USD"])
      })
    ))

  it.effect("have their multiplier, settlement currency and the bounds of an order", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const facts = (id: string) =>
          Effect.map(byId(id), ({ inverse, maxAmount, maxPrice, minAmount, multiplier, settle }) => [
            settle,
            inverse,
            text(multiplier),
            text(minAmount),
            text(maxAmount),
            text(maxPrice)
          ])
        // A contract is a dollar.
        assert.deepStrictEqual(yield* facts("XBTUSD"), ["BTC", true, "1", "100", "10000000", "1000000"])
        assert.deepStrictEqual(yield* facts("XBTUSDT"), ["USDT", false, "0.000001", "0.001", "1000", undefined])
        assert.deepStrictEqual(yield* facts("SHIBUSDT"), ["USDT", false, "0.125", "125", undefined, undefined])
        // The quantity on spot is in satoshis.
        assert.deepStrictEqual(yield* facts("XBT_USDT"), [
          undefined,
          false,
          "0.00000001",
          "0.0001",
          undefined,
          undefined
        ])
        // The value of a quanto contract in ether is not known.
        assert.deepStrictEqual(yield* facts("ETHUSD"), ["BTC", false, undefined, undefined, undefined, undefined])
      })
    ))

  const lists = (row: object) =>
    scripted(
      { "/instrument/active": [[{ ...instrument, ...row }, { ...instrument, symbol: "OTHER", underlying: "ETH" }]] },
      Effect.map(markets, (all) => all.find(({ id }) => id === "XBTUSDT"))
    )

  it.effect("have no bound that is not a safe integer, and a lot of one unit if none is listed", () =>
    Effect.gen(function*() {
      const huge = yield* lists({ maxOrderQty: 1e16, lotSize: 0 })
      assert(huge !== undefined)
      assert.isUndefined(huge.maxAmount)
      assert.deepStrictEqual([text(huge.lotSize), huge.minAmount], ["0.000001", undefined])
    }))

  it.effect("leave out a future without an expiry, which would look like the perpetual", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* lists({ typ: "FFCCSX" }))?.symbol, "BTC/USDT:USDT-261225")
      for (const expiry of [null, undefined, ""]) assert.isUndefined(yield* lists({ typ: "FFCCSX", expiry }))
    }))

  it.effect("leave out a contract without a settlement currency; spot has none", () =>
    Effect.gen(function*() {
      for (const settlCurrency of [null, undefined]) {
        assert.isUndefined(yield* lists({ settlCurrency }))
        assert.strictEqual((yield* lists({ typ: "IFXXXP", settlCurrency }))?.symbol, "BTC/USDT")
      }
    }))

  it.effect("fail with MalformedResponse if no row can be decoded", () =>
    Effect.gen(function*() {
      for (const body of [[{ name: "XBTUSD" }], { instruments: [] }]) {
        const error = yield* Effect.flip(scripted({ "/instrument/active": [body] }, markets))
        assert.strictEqual(error._tag, "MalformedResponse")
      }
      assert.deepStrictEqual(yield* scripted({ "/instrument/active": [[]] }, markets), [])
    }))

  it("tell minor units by their case, and read XBT as BTC", () => {
    const codes = "XBT XBt USDt USDT Gwei ETH MAMUSd SOL kPEPE constructor __proto__".split(" ")
    const assets = "BTC BTC USDT USDT ETH ETH MAMUSD SOL KPEPE CONSTRUCTOR __PROTO__".split(" ")
    const read = Schema.decodeUnknownSync(Wire.one(Rows.Instrument))
    const baseOf = (underlying: string) => read({ ...instrument, underlying }).base
    assert.deepStrictEqual(codes.map(baseOf), assets)
  })
})

const orderRow = (row: object = {}) => ({
  orderID: "1",
  symbol: "XBTUSDT",
  side: "Buy",
  orderQty: 1000,
  cumQty: 0,
  price: 60000.1,
  ordType: "Limit",
  ordStatus: "New",
  timeInForce: "GoodTillCancel",
  clOrdID: "mine",
  transactTime: new Date(now).toISOString(),
  ...row
})

const request = {
  type: "limit",
  symbol: "BTC/USDT:USDT",
  side: "buy",
  amount: "0.001",
  price: "60000.1",
  clientOrderId: "mine"
} as const

describe("amounts", () => {
  for (
    const [symbol, id, quantity, amount, price] of [
      ["BTC/USDT", "XBT_USDT", 10_000, "0.0001", "60000.5"],
      ["BTC/USDT:USDT", "XBTUSDT", 1000, "0.001", "60000.1"],
      ["SHIB/USDT:USDT", "SHIBUSDT", 3000, "375", "0.00001234"],
      ["BTC/USD:BTC", "XBTUSD", 100, "100", "60000.1"]
    ] as const
  ) {
    it.effect(`${amount} of ${symbol} is ${quantity} of ${id} in requests and responses`, () =>
      scripted(
        { "POST /order": [orderRow({ symbol: id, orderQty: quantity, price: Number(price) })] },
        Effect.gen(function*() {
          const order = yield* Effect.flatMap(BitMex.Trading, (trading) =>
            trading.place({ ...request, symbol, amount, price }))
          assert.strictEqual(text(order.amount), amount)
          const [body] = yield* sent("POST")
          assert.deepInclude(body, { symbol: id, orderQty: quantity, price: Number(price) })
        })
      ))
  }

  it.effect("that are not a multiple of the unit fail with InvalidRequest before anything is sent", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const trading = yield* BitMex.Trading
        for (
          const [symbol, amount] of [["BTC/USDT", "0.000000001"], ["SHIB/USDT:USDT", "0.2"], ["BTC/USD:BTC", "0.5"]]
        ) {
          const error = yield* Effect.flip(trading.place({ ...request, symbol: symbol ?? "", amount: amount ?? "" }))
          assert.strictEqual(error._tag, "InvalidRequest", symbol)
        }
        assert.deepStrictEqual(yield* sent("POST"), [])
      })
    ))

  it.effect("of a quanto contract are Unsupported, and nothing is sent", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const trading = yield* BitMex.Trading
        const error = yield* Effect.flip(
          trading.place({ ...request, symbol: "ETH/USD:BTC", amount: "1", price: "3000" })
        )
        assert.strictEqual(error._tag, "Unsupported")
        assert.deepStrictEqual(yield* sent("POST"), [])
      })
    ))

  it.effect.prop(
    "are unchanged after encoding and decoding, for any quantity",
    [FastCheck.integer({ min: 1, max: 1_000_000 }), FastCheck.constantFrom("BTC/USDT:USDT", "BTC/USD:BTC")],
    ([lots, symbol]) => {
      const [id, size] = symbol === "BTC/USD:BTC" ? ["XBTUSD", lots % 100_000 * 100 + 100] : ["XBTUSDT", lots * 1000]
      const amount = id === "XBTUSD" ? String(size) : (size / 1_000_000).toFixed(3)
      return scripted(
        { "POST /order": [orderRow({ symbol: id, orderQty: size })] },
        Effect.gen(function*() {
          const order = yield* Effect.flatMap(
            BitMex.Trading,
            (trading) => trading.place({ ...request, symbol, amount })
          )
          assert.strictEqual(Number(text(order.amount)), Number(amount))
          assert.deepInclude((yield* sent("POST"))[0], { orderQty: size })
        })
      )
    },
    { fastCheck: { numRuns: 20 } }
  )
})

describe("request to place an order", () => {
  const body = (fields: object) =>
    scripted(
      { "POST /order": [orderRow()] },
      Effect.gen(function*() {
        yield* Effect.fork(Effect.flatMap(BitMex.Trading, (trading) => trading.place({ ...request, ...fields })))
        yield* TestClock.adjust("10 millis")
        return (yield* sent("POST"))[0]
      })
    )

  it.effect("has the fields that BitMEX documents", () =>
    Effect.gen(function*() {
      const common = { symbol: "XBTUSDT", side: "Buy", orderQty: 1000, clOrdID: "mine" }
      const limit = { ...common, ordType: "Limit", price: 60000.1 }
      assert.deepStrictEqual(yield* body({}), { ...limit, timeInForce: "GoodTillCancel" })
      assert.deepInclude(yield* body({ timeInForce: "IOC" }), { timeInForce: "ImmediateOrCancel" })
      assert.deepInclude(yield* body({ timeInForce: "FOK", side: "sell" }), { timeInForce: "FillOrKill", side: "Sell" })
      assert.deepInclude(yield* body({ postOnly: true }), { execInst: "ParticipateDoNotInitiate" })
      assert.deepInclude(yield* body({ postOnly: true, reduceOnly: true }), {
        execInst: "ParticipateDoNotInitiate,ReduceOnly"
      })
      assert.deepStrictEqual(yield* body({ type: "market", price: undefined, reduceOnly: true }), {
        ...common,
        ordType: "Market",
        execInst: "ReduceOnly"
      })
    }))

  it("is refused rather than rounded to what a JSON number can hold", () => {
    const encodes = (price: string, orderQty: string) =>
      Either.isRight(BitMexEndpoints.placeOrder.encode({
        symbol: "XBTUSDT",
        side: "Buy",
        ordType: "Limit",
        price: Decimal.make(price),
        orderQty: Decimal.make(orderQty),
        timeInForce: undefined,
        execInst: undefined,
        clOrdID: "mine"
      }))
    assert.isTrue(encodes("60000.1", "1000"))
    assert.isFalse(encodes("0.12345678901234567", "1000"))
    assert.isFalse(encodes("60000.1", "9007199254740993"))
  })
})

describe("order book", () => {
  const book = Effect.flatMap(BitMex.MarketData, (market) => market.orderBook("BTC/USDT:USDT"))

  it.effect("is sorted by price from any order, best first, with the amounts of equal prices added", () =>
    scripted(
      { "/orderBook/L2": [json(fixture("orderBook_L2"))] },
      Effect.gen(function*() {
        const { asks, at, bids } = yield* book
        const levels = (side: typeof bids) => side.map(({ amount, price }) => [text(price), text(amount)])
        assert.deepStrictEqual(levels(bids), [["64050", "0.0015"], ["63999.9", "0.004"]])
        assert.deepStrictEqual(levels(asks), [["64051.4", "0.002"], ["64060.5", "0.033"]])
        assert.strictEqual(at, now)
      })
    ))

  it.effect("may be empty, and fails with MalformedResponse for an unknown side", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* scripted({ "/orderBook/L2": [[]] }, book)).bids, [])
      const odd = { "/orderBook/L2": [[{ side: "Both", size: 1, price: 1 }]] }
      assert.strictEqual((yield* Effect.flip(scripted(odd, book)))._tag, "MalformedResponse")
    }))
})

describe("trades", () => {
  const trades = Effect.flatMap(BitMex.MarketData, (market) => market.trades("BTC/USD:BTC"))

  it.effect("have the taker's side; rows that are no trades are left out and not counted as unknown", () =>
    scripted(
      { "/trade": [json(fixture("trade"))] },
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* trades).map(shown), [
          {
            exchange: "bitmex",
            symbol: "BTC/USD:BTC",
            id: "00000000-006d-1000-0000-0011d2f0a101",
            side: "buy",
            price: "64043.2",
            amount: "2500",
            at: 1_787_220_930_123
          },
          {
            exchange: "bitmex",
            symbol: "BTC/USD:BTC",
            id: "00000000-006d-1000-0000-0011d2f0a102",
            side: "sell",
            price: "64043.1",
            amount: "100",
            at: 1_787_220_930_789
          }
        ])
        const { unknown } = Either.getOrThrow(BitMexEndpoints.trades.decode(json(fixture("trade"))))
        assert.deepStrictEqual(unknown, [])
      })
    ))

  it.effect("without a price or an amount are counted as unknown, and hide no other", () => {
    const row = {
      trdMatchID: "1",
      side: "Buy",
      size: 100,
      price: 64043.1,
      timestamp: "2026-08-20T10:15:30.789Z"
    }
    const odd = [{ ...row, trdMatchID: "2", size: 0 }, { ...row, trdMatchID: "3", price: null }]
    return scripted(
      { "/trade": [[...odd, row]] },
      Effect.gen(function*() {
        const before = yield* unknownRowCount("trades")
        assert.deepStrictEqual((yield* trades).map(({ id }) => id), ["1"])
        assert.isAtLeast((yield* unknownRowCount("trades")) - before, 2)
      })
    )
  })
})

describe("candles", () => {
  it.effect("have their open time within the range, and none exists where nothing was traded", () =>
    scripted(
      { "/trade/bucketed": [json(fixture("trade_bucketed"))] },
      Effect.gen(function*() {
        const from = Date.parse("2026-08-20T10:10:00Z")
        yield* TestClock.setTime(from + 3_600_000)
        const candles = yield* Effect.flatMap(BitMex.MarketData, (market) =>
          Stream.runCollect(market.candles("BTC/USDT:USDT", "1m", { from, to: from + 240_000 })))
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(candles).map(({ close, high, low, open, openTime, volume }) => [
            new Date(openTime).toISOString(),
            ...[open, high, low, close, volume].map(text)
          ]),
          [
            ["2026-08-20T10:10:00.000Z", "64001.2", "64010", "64001.2", "64005", "0.025"],
            ["2026-08-20T10:13:00.000Z", "64003.3", "64003.3", "63990", "63991.1", "0.003"]
          ]
        )
      })
    ))
})

describe("ticker", () => {
  it.effect("keeps every digit, and has the volume of an inverse perpetual in the base currency", () =>
    scripted(
      { "/instrument": [json(fixture("instrument"))] },
      Effect.gen(function*() {
        const ticker = yield* Effect.flatMap(BitMex.MarketData, (market) => market.ticker("BTC/USD:BTC"))
        assert.deepStrictEqual(shown(ticker), {
          exchange: "bitmex",
          symbol: "BTC/USD:BTC",
          last: "64043.2",
          bid: "64043.1",
          ask: "64043.2",
          open24h: "62510.5",
          high24h: "64500",
          low24h: "62011.9",
          volume24h: "6553.62899194",
          at: 1_787_220_930_123
        })
      })
    ))

  it.effect("leaves out prices that are missing, null or zero", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const market = yield* BitMex.MarketData
        const symbols = ["BTC/USDT:USDT", "BTC/USD:BTC-260327", "BTC/USDT", "EUR/USDT:USDT", "SHIB/USDT:USDT"]
        const tickers = yield* market.tickers(symbols)
        assert.deepStrictEqual(
          tickers.map((ticker) => {
            const { at: _, exchange: __, symbol: ___, ...prices } = shown(ticker)
            return prices
          }),
          [
            { last: "64051.4", bid: "64050", volume24h: "0.00000015" },
            { last: "61000" },
            { bid: "64020.5", ask: "64060" },
            {},
            { last: "0.00001234", bid: "0.00001233", ask: "0.00001235" }
          ]
        )
      })
    ))

  it("leaves out prices below zero, as spreads have", () => {
    const rows = Either.getOrThrow(BitMexEndpoints.tickers.decode(listed)).rows
    const spread = rows.find(({ market }) => market === "XBTZ26_H27")
    assert.deepStrictEqual([spread?.last, spread?.bid, spread?.ask], [undefined, undefined, undefined])
  })

  it("does not decode unsafe integers, and reads timestamps with microseconds", () => {
    const row = { symbol: "XBTUSD", typ: "FFWCSX", timestamp: "2026-08-20T10:15:30.123456Z" }
    const read = (extra: object) => BitMexEndpoints.instrument.decode([{ ...row, ...extra }])
    assert.strictEqual(Either.getOrThrow(read({}))[0]?.at, 1_787_220_930_123)
    assert.isTrue(Either.isRight(read({ lastPrice: 9_007_199_254_740_991, totalTurnover: 37_667_684_492_745_240 })))
    for (const lastPrice of [9_007_199_254_740_992, "64043.2", true, {}]) {
      assert.isTrue(Either.isLeft(read({ lastPrice })), String(lastPrice))
    }
    for (const timestamp of ["yesterday", "", 1_787_220_930_123, null]) {
      assert.isTrue(Either.isLeft(read({ timestamp })), String(timestamp))
    }
  })

  it("does not decode from an order, a trade or a candle", () => {
    const row = { symbol: "XBTUSD", timestamp: "2026-08-20T10:15:30.123Z" }
    for (const other of [{ orderID: "1", ordStatus: "New" }, { trdMatchID: "1", side: "Buy" }, { open: 1, close: 2 }]) {
      assert.isTrue(Either.isLeft(BitMexEndpoints.instrument.decode([{ ...row, ...other }])), Object.keys(other)[0])
    }
  })

  it.effect("fails with SymbolNotFound if the response is about another instrument", () =>
    scripted(
      { "/instrument": [[{ symbol: "ETHUSD", typ: "FFWCSX", lastPrice: 1, timestamp: "2026-08-20T10:15:30.123Z" }]] },
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Effect.flatMap(BitMex.MarketData, (market) => market.ticker("BTC/USD:BTC"))
        )
        assert.strictEqual(error._tag, "SymbolNotFound")
      })
    ))
})

describe("balances", () => {
  const balances = Effect.flatMap(BitMex.Account, ({ balances }) => balances)
  const margin = (row: object) => ({ currency: "XBt", marginBalance: 1, availableMargin: 1, ...row })

  it.effect("fail with MalformedResponse for an unknown unit, as units differ by their case alone", () =>
    Effect.gen(function*() {
      for (const currency of ["XBT", "xbt", "XBT ", "USDT", "usdt", "gwei", "constructor", "__proto__", "toString"]) {
        const error = yield* Effect.flip(
          scripted({ "/user/margin": [[margin({ currency })]], "/wallet/assets": [[]] }, balances)
        )
        assert.strictEqual(error._tag, "MalformedResponse", currency)
      }
    }))

  it("fail for amounts that are not safe integers", () => {
    const read = (marginBalance: unknown) => BitMexEndpoints.margin.decode([margin({ marginBalance })])
    assert.isTrue(Either.isRight(read(-9_007_199_254_740_991)))
    for (const wrong of [0.5, "1", null, undefined, 9_007_199_254_740_992]) {
      assert.isTrue(Either.isLeft(read(wrong)), String(wrong))
    }
  })
})

describe("permissions", () => {
  const permissions = (id: string, keys: unknown = json(fixture("apiKey"))) =>
    scripted(
      { "/apiKey": [keys] },
      Effect.flatMap(Account.Account, ({ keyPermissions }) => keyPermissions),
      { ...documented, key: Redacted.make(id) }
    )

  const cases = [
    ["reader", { read: true, trade: false, withdraw: false, ipRestricted: false }],
    ["trader", { read: true, trade: true, withdraw: false, ipRestricted: true }],
    ["canceller", { read: true, trade: false, withdraw: false, ipRestricted: false }],
    ["disabled", { read: false, trade: true, withdraw: false, ipRestricted: true }],
    ["foreign-withdrawer", { read: true, trade: true, withdraw: true, ipRestricted: false }]
  ] as const

  for (const [id, expected] of cases) {
    it.effect(`are those of the key in use, among all keys: ${id}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* permissions(id), expected)
      }))
  }

  it.effect("are unknown for a key that is missing or cannot be read", () =>
    Effect.gen(function*() {
      const unknown = { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" } as const
      for (const id of ["elsewhere", "odd", "reader2"]) assert.deepStrictEqual(yield* permissions(id), unknown, id)
      assert.deepStrictEqual(yield* permissions("reader", []), unknown)
    }))
})

describe("serverTime", () => {
  it("reads milliseconds only", () => {
    const { decode } = BitMexEndpoints.serverTime
    assert.strictEqual(Either.getOrThrow(decode(json(fixture("root")))), 1_787_220_930_123)
    for (const timestamp of ["2026-08-20T10:15:30.123Z", -1, 1.5, null]) {
      assert.isTrue(Either.isLeft(decode({ timestamp })), String(timestamp))
    }
  })
})
