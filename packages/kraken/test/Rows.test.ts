import { Market, type MarketData } from "@effect-exchange/core"
import { type Endpoint, Listing } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Record, Schema } from "effect"
import { Kraken, KrakenEndpoints } from "../src/index.js"
import { listed, scripted } from "./scripted.js"
import { decode, fails, fixture, now, shown } from "./utils.js"

const shownAll = (rows: ReadonlyArray<object>) => rows.map((row) => shown(row))

/** The ids of unknown rows. */
const unknownIds = (
  endpoint: Endpoint.Endpoint<Endpoint.Capability, never, Listing.Listing<unknown>>,
  body: unknown
) => decode(endpoint, body).unknown.map(({ id }) => id)

/** Provides market data over these responses. */
const withMarketData = <A, E>(
  answers: Parameters<typeof scripted>[0],
  ask: (data: MarketData.MarketData.Service) => Effect.Effect<A, E>
) => scripted({ ...listed, ...answers }, Effect.flatMap(Kraken.MarketData, ask))

describe("markets", () => {
  it.effect("have their names, status and rules; dark pools and unsupported names are left out", () =>
    withMarketData({}, ({ markets }) =>
      Effect.map(markets, (markets) => {
        const summary = Record.fromIterableWith(
          markets,
          (market) => [`${market.symbol}`, shown(market, "kind", "symbol")]
        )
        assert.deepStrictEqual(summary, {
          "BTC/USD": {
            id: "XXBTZUSD",
            status: "open",
            base: "BTC",
            quote: "USD",
            tickSize: "0.1",
            lotSize: "0.00000001",
            minAmount: "0.00005",
            minNotional: "0.5"
          },
          "DOGE/USD": {
            id: "XDGUSD",
            status: "open",
            base: "DOGE",
            quote: "USD",
            tickSize: "0.0000001",
            lotSize: "0.00000001",
            minAmount: "20",
            minNotional: "0.5"
          },
          // Assets that begin with X or Z keep all letters. A missing tick size follows from the decimals.
          "XTZ/BTC": {
            id: "XTZXBT",
            status: "halted",
            base: "XTZ",
            quote: "BTC",
            tickSize: "0.00000001",
            lotSize: "0.00000001",
            minAmount: "4"
          },
          "ZEC/USD": {
            id: "XZECZUSD",
            status: "unknown",
            base: "ZEC",
            quote: "USD",
            tickSize: "0.01",
            lotSize: "0.00000001",
            minAmount: "0.05",
            minNotional: "0.5"
          },
          "OLD/EUR": {
            id: "OLDEUR",
            status: "closed",
            base: "OLD",
            quote: "EUR",
            tickSize: "0.0001",
            lotSize: "0.00000001"
          },
          "AAPLx/USD": {
            id: "AAPLxUSD",
            status: "open",
            base: "AAPLx",
            quote: "USD",
            tickSize: "0.01",
            lotSize: "0.00000001"
          }
        })
        assert.isTrue(markets.every(Schema.is(Market.Market)))
        assert.isTrue(markets.every(({ kind }) => kind === "spot"))
      })))

  it.effect("fail with MalformedResponse if no row can be decoded", () =>
    withMarketData(
      { AssetPairs: [{ error: [], result: { XXBTZUSD: { name: "XBT/USD" } } }] },
      ({ markets }) =>
        Effect.map(Effect.flip(markets), (error) => {
          assert.strictEqual(error._tag, "MalformedResponse")
          assert.include(error.message, "none of the listed markets could be decoded")
        })
    ))

  it.effect("are empty if none are listed", () =>
    withMarketData(
      { AssetPairs: [{ error: [], result: {} }] },
      ({ markets }) => Effect.map(markets, (markets) => assert.deepStrictEqual(markets, []))
    ))
})

describe("public data", () => {
  it.effect("has a ticker of the last 24 hours, without an opening price, which is that of the day", () =>
    withMarketData(
      { Ticker: [fixture("Ticker")] },
      (data) =>
        Effect.map(data.ticker("BTC/USD"), ({ at, ...ticker }) => {
          assert.isAtLeast(at, now)
          assert.deepStrictEqual(shown(ticker), {
            exchange: "kraken",
            symbol: "BTC/USD",
            last: "64040.10000",
            bid: "64043.20000",
            ask: "64043.30000",
            high24h: "64500.00000",
            low24h: "62011.90000",
            volume24h: "1863.12345678"
          })
        })
    ))

  it.effect("leaves out zero prices", () =>
    withMarketData(
      { Ticker: [fixture("Ticker_several")] },
      (data) =>
        Effect.map(data.tickers(["XTZ/BTC"]), ([ticker]) => {
          assert(ticker !== undefined)
          assert.deepStrictEqual(shown(ticker, "at"), {
            exchange: "kraken",
            symbol: "XTZ/BTC",
            bid: "0.00000900",
            volume24h: "0.00000000"
          })
        })
    ))

  it("decodes an order book", () => {
    const book = decode(KrakenEndpoints.depth, fixture("Depth"))
    assert.deepStrictEqual(book.asks.map((level) => shown(level)), [
      { price: "64043.30000", amount: "0.136" },
      { price: "64046.90000", amount: "0.095" }
    ])
    assert.deepStrictEqual(book.bids.map((level) => shown(level)), [
      { price: "64043.20000", amount: "0.002" },
      { price: "64035.40000", amount: "0.024" }
    ])
  })

  it("decodes trades with the taker's side", () => {
    const { rows } = decode(KrakenEndpoints.trades, fixture("Trades"))
    assert.deepStrictEqual(shownAll(rows), [
      {
        id: "81000001",
        side: "buy",
        price: "64040.00000",
        amount: "0.00027625",
        at: 1_763_942_395_972
      },
      {
        id: "81000002",
        side: "sell",
        price: "64040.10000",
        amount: "0.00012500",
        at: 1_763_942_398_100
      }
    ])
  })

  it("decodes candles with their open time", () => {
    const wire = decode(KrakenEndpoints.ohlc, fixture("OHLC"))
    assert.deepStrictEqual(shownAll(wire)[1], {
      openTime: 1_763_942_340_000,
      open: "64015.0",
      high: "64045.0",
      low: "64015.0",
      close: "64040.1",
      volume: "1.25000000"
    })
    assert.strictEqual(wire.length, 3)
  })

  it("accepts a response under any name of the pair, and with one pair only", () => {
    const { XXBTZUSD } = Object(Object(fixture("Depth")).result)
    assert.strictEqual(decode(KrakenEndpoints.depth, { result: { XBTUSD: XXBTZUSD } }).asks.length, 2)
    assert.isTrue(fails(KrakenEndpoints.depth, { result: { XXBTZUSD, XETHZUSD: XXBTZUSD } }))
    assert.isTrue(fails(KrakenEndpoints.depth, { result: { last: 1 } }))
  })

  it("decodes the exchange's clock", () => {
    assert.strictEqual(
      decode(KrakenEndpoints.time, { error: [], result: { unixtime: 1_763_942_400, rfc1123: "" } }),
      now
    )
  })

  for (
    const [word, expected] of [
      ["online", "operational"],
      ["maintenance", "maintenance"],
      ["cancel_only", "limited"],
      ["post_only", "limited"],
      ["limit_only", "limited"],
      ["asleep", "unknown"]
    ] as const
  ) {
    it.effect(`reads the status ${word} as ${expected}`, () =>
      withMarketData(
        { SystemStatus: [{ error: [], result: { status: word, timestamp: "2025-11-24T00:00:00Z" } }] },
        ({ status }) =>
          Effect.map(status, (status) =>
            assert.deepStrictEqual(status, { exchange: "kraken", status: expected, detail: word, at: now }))
      ))
  }

  it.effect("has the time of the response if that of the status cannot be decoded", () =>
    withMarketData(
      { SystemStatus: [{ error: [], result: { status: "online", timestamp: "soon" } }] },
      ({ status }) => Effect.map(status, ({ at }) => assert.isAtLeast(at, now))
    ))
})

describe("account rows", () => {
  it("decode open orders", () => {
    const { rows } = decode(KrakenEndpoints.openOrders, fixture("OpenOrders"))
    assert.deepStrictEqual(rows.map(({ market }) => market), ["XBTUSD", "XBTUSD", "XTZXBT"])
    assert.deepStrictEqual(rows.slice(0, 2).map((row) => shown(row, "market")), [
      {
        id: "OAAAAA-BBBBB-000001",
        clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876",
        side: "buy",
        type: "limit",
        status: "open",
        price: "59000.0",
        amount: "0.50000000",
        filled: "0.12500000",
        averagePrice: "58992.00000",
        postOnly: true,
        createdAt: 1_763_942_390_865
      },
      {
        id: "OAAAAA-BBBBB-000002",
        side: "sell",
        type: "other",
        status: "pending",
        amount: "0.10000000",
        filled: "0.00000000",
        postOnly: false,
        createdAt: 1_763_942_391_500
      }
    ])
  })

  it("decode ended orders, without an amount if it was in the quote currency", () => {
    const { rows: orders } = decode(KrakenEndpoints.closedOrders, fixture("ClosedOrders"))
    assert.deepStrictEqual(orders.map(({ status }) => status), ["filled", "canceled", "expired"])
    assert.deepStrictEqual(shown(orders[0] ?? {}, "market"), {
      id: "OAAAAA-BBBBB-000009",
      side: "buy",
      type: "market",
      status: "filled",
      filled: "0.01562500",
      averagePrice: "64000.00000",
      postOnly: false,
      createdAt: 1_763_942_300_250,
      updatedAt: 1_763_942_300_543
    })
    assert.strictEqual(shown(orders[1] ?? {})["filled"], "0.05000000")
  })

  it("do not decode unknown statuses and sides, nor malformed amounts", () => {
    const { closed } = Object(Object(fixture("ClosedOrders")).result)
    const order = Object(closed)["OAAAAA-BBBBB-000008"]
    const body = (change: object) => ({ error: [], result: { O: { ...order, ...change } } })
    assert.deepStrictEqual(unknownIds(KrakenEndpoints.queryOrders, body({})), [])
    assert.deepStrictEqual(unknownIds(KrakenEndpoints.queryOrders, body({ status: "replaced" })), ["O"])
    assert.deepStrictEqual(unknownIds(KrakenEndpoints.queryOrders, body({ vol: 0.2 })), ["O"])
    assert.deepStrictEqual(unknownIds(KrakenEndpoints.queryOrders, body({ vol_exec: "" })), ["O"])
    assert.deepStrictEqual(unknownIds(KrakenEndpoints.queryOrders, body({ opentm: "yesterday" })), ["O"])
    assert.deepStrictEqual(
      unknownIds(KrakenEndpoints.queryOrders, body({ descr: { ...order.descr, type: "short" } })),
      [
        "O"
      ]
    )
    assert.deepStrictEqual(decode(KrakenEndpoints.openOrders, { error: [], result: { open: [] } }), Listing.of([]))
  })

  it("decode open orders with a relative price, such as trailing stops", () => {
    const { open } = Object(Object(fixture("OpenOrders")).result)
    const order = Object(open)["OAAAAA-BBBBB-000001"]
    const withPrice = (ordertype: string, price: string) => ({
      error: [],
      result: { open: { ...open, T: { ...order, descr: { ...order.descr, ordertype, price } } } }
    })
    for (const price of ["+15.0000%", "-5.0%", "#3%", "+500.0", "#12.5"]) {
      const { rows: orders } = decode(KrakenEndpoints.openOrders, withPrice("trailing-stop", price))
      const [trailing] = orders.filter(({ id }) => id === "T")
      assert.deepInclude(trailing, { type: "other", price: undefined, side: "buy" }, price)
      assert.strictEqual(orders.length, 4)
    }
    // The price of a limit order is not computed.
    for (const price of ["+15.0000%", "#12.5"]) {
      assert.deepStrictEqual(unknownIds(KrakenEndpoints.openOrders, withPrice("limit", price)), ["T"], price)
    }
  })

  it("decode fills by either name of their pair, with their order id", () => {
    const { rows } = decode(KrakenEndpoints.tradesHistory, fixture("TradesHistory"))
    assert.deepStrictEqual(rows.map(({ market }) => market), ["XXBTZUSD", "XBTUSD"])
    assert.deepStrictEqual(rows.map((row) => shown(row, "market")), [
      {
        id: "TAAAAA-BBBBB-000002",
        orderId: "OAAAAA-BBBBB-000001",
        side: "buy",
        price: "58992.00000",
        amount: "0.12500000",
        fee: "18.43500",
        liquidity: "maker",
        at: 1_763_942_395_892
      },
      {
        id: "TAAAAA-BBBBB-000001",
        orderId: "OAAAAA-BBBBB-000009",
        side: "buy",
        price: "64000.00000",
        amount: "0.01562500",
        fee: "4.00000",
        liquidity: "unknown",
        at: 1_763_942_300_500
      }
    ])
  })
})
