import { Market } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Record, Schema } from "effect"
import { KrakenEndpoints, KrakenMapping } from "../src/index.js"
import { decode, fails, fixture, market, now, shown } from "./utils.js"

const rows = decode(KrakenEndpoints.assetPairs, fixture("AssetPairs"))
const markets = rows.flatMap(([id, row]) => KrakenMapping.market(id, row) ?? [])

describe("market", () => {
  it("reads its names, its status and its rules", () => {
    const summary = Record.fromIterableWith(
      markets,
      (market) => [`${market.symbol}`, shown(market, "kind", "symbol")]
    )
    assert.deepStrictEqual(summary, {
      "AAPLx/USD": {
        id: "AAPLxUSD",
        status: "open",
        base: "AAPLx",
        quote: "USD",
        tickSize: "0.01",
        lotSize: "0.00000001"
      },
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
      // Assets that begin with X or Z keep all of their letters; a tick that is not said is that of the decimals.
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
      }
    })
    assert.isTrue(markets.every(Schema.is(Market.Market)))
    assert.isTrue(markets.every(({ kind }) => kind === "spot"))
  })

  it("leaves out dark pools, names that do not lead back, and rows of another shape", () => {
    const left = rows.map(([id]) => id).filter((id) => markets.every((market) => market.id !== id))
    assert.deepStrictEqual(left, ["XXBTZUSD.d", "ODDUSD"])
    assert.strictEqual(rows.length, 8)
  })

  it("fails when no row can be read, as the shape must have changed", () => {
    assert.isTrue(fails(KrakenEndpoints.assetPairs, { error: [], result: { XXBTZUSD: { name: "XBT/USD" } } }))
    assert.isTrue(fails(KrakenEndpoints.assetPairs, { error: [], result: [] }))
    assert.deepStrictEqual(decode(KrakenEndpoints.assetPairs, { error: [], result: {} }), [])
  })

  it("goes by two names: the id, and the one that orders have", () => {
    assert.deepStrictEqual(markets.map(KrakenMapping.altname), [
      "XBTUSD",
      "XDGUSD",
      "XTZXBT",
      "ZECUSD",
      "OLDEUR",
      "AAPLxUSD"
    ])
    const byPair = KrakenMapping.byPair(markets)
    for (const market of markets) {
      for (const pair of [market.id, KrakenMapping.altname(market)]) {
        assert.strictEqual(byPair.get(pair), market)
        assert.deepStrictEqual(markets.filter((market) => KrakenMapping.isOf(market, pair)), [market])
      }
    }
    assert.isUndefined(byPair.get("BTCUSD"))
  })

  const asset = FastCheck.stringMatching(/^[A-Z0-9]{1,10}$/).filter((name) => name !== "BTC" && name !== "DOGE")
  it.prop("leads from names to a symbol and back", [asset, asset], ([base, quote]) => {
    const altname = `${base}${quote}`
    const market = KrakenMapping.market("ID", {
      altname,
      wsname: `${base}/${quote}`,
      pair_decimals: 1,
      lot_decimals: 8
    })
    assert(market !== undefined)
    assert.strictEqual(KrakenMapping.altname(market), altname)
    assert.isFalse(/\b(?:XBT|XDG)\b/.test(market.symbol))
  })
})

describe("public data", () => {
  it("takes the last 24 hours and not today, and no open, which is today's", () => {
    const wire = decode(KrakenEndpoints.ticker, fixture("Ticker"))
    assert.deepStrictEqual(shown(KrakenMapping.ticker(market, wire, now)), {
      exchange: "kraken",
      symbol: "BTC/USD",
      last: "64040.10000",
      bid: "64043.20000",
      ask: "64043.30000",
      high24h: "64500.00000",
      low24h: "62011.90000",
      volume24h: "1863.12345678",
      at: now
    })
  })

  it("takes a zero price for none", () => {
    const wire = decode(KrakenEndpoints.tickers, fixture("Ticker_several")).find(([id]) => id === "XTZXBT")
    assert(wire !== undefined)
    assert.deepStrictEqual(shown(KrakenMapping.ticker(market, wire[1], now)), {
      exchange: "kraken",
      symbol: "BTC/USD",
      bid: "0.00000900",
      volume24h: "0.00000000",
      at: now
    })
  })

  it("reads a book", () => {
    const book = KrakenMapping.orderBook(market, decode(KrakenEndpoints.depth, fixture("Depth")), now)
    assert.deepStrictEqual(book.asks.map((level) => shown(level)), [
      { price: "64043.30000", amount: "0.136" },
      { price: "64046.90000", amount: "0.095" }
    ])
    assert.deepStrictEqual(book.bids.map((level) => shown(level)), [
      { price: "64043.20000", amount: "0.002" },
      { price: "64035.40000", amount: "0.024" }
    ])
    assert.strictEqual(book.at, now)
  })

  it("reads trades, with the taker's side", () => {
    const wire = decode(KrakenEndpoints.trades, fixture("Trades"))
    assert.deepStrictEqual(wire.map((row) => shown(KrakenMapping.trade(market, row))), [
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "81000001",
        side: "buy",
        price: "64040.00000",
        amount: "0.00027625",
        at: 1_763_942_395_972
      },
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "81000002",
        side: "sell",
        price: "64040.10000",
        amount: "0.00012500",
        at: 1_763_942_398_100
      }
    ])
  })

  it("reads candles, stamped at their open", () => {
    const wire = decode(KrakenEndpoints.ohlc, fixture("OHLC"))
    assert.deepStrictEqual(wire.map((row) => shown(KrakenMapping.bar(row)))[1], {
      openTime: 1_763_942_340_000,
      open: "64015.0",
      high: "64045.0",
      low: "64015.0",
      close: "64040.1",
      volume: "1.25000000"
    })
    assert.strictEqual(wire.length, 3)
  })

  it("takes the answer about one pair under any name, and of one pair only", () => {
    const { XXBTZUSD } = Object(Object(fixture("Depth")).result)
    assert.strictEqual(decode(KrakenEndpoints.depth, { result: { XBTUSD: XXBTZUSD } }).asks.length, 2)
    assert.isTrue(fails(KrakenEndpoints.depth, { result: { XXBTZUSD, XETHZUSD: XXBTZUSD } }))
    assert.isTrue(fails(KrakenEndpoints.depth, { result: { last: 1 } }))
  })

  it("reads the clock and the status, also one that is new", () => {
    assert.strictEqual(
      decode(KrakenEndpoints.time, { error: [], result: { unixtime: 1_763_942_400, rfc1123: "" } }),
      now
    )
    const status = (status: string, timestamp = "2025-11-24T00:00:00Z") =>
      KrakenMapping.status(decode(KrakenEndpoints.systemStatus, { error: [], result: { status, timestamp } }), 1)
    assert.deepStrictEqual(status("online"), { exchange: "kraken", status: "operational", detail: "online", at: now })
    assert.deepStrictEqual(
      ["maintenance", "cancel_only", "post_only", "limit_only", "asleep"].map((word) => status(word).status),
      ["maintenance", "limited", "limited", "limited", "unknown"]
    )
    assert.strictEqual(status("online", "soon").at, 1)
  })
})
