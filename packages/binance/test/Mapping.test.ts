import { Decimal, ExchangeSymbol, type Market, Ticker } from "@effect-exchange/core"
import type { Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { type BigDecimal, Either, Option, Record } from "effect"
import { BinanceEndpoints, BinanceMapping } from "../src/index.js"
import { fixture, json, record } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const printed = (ticker: Ticker.Ticker) => ({
  last: text(ticker.last),
  bid: text(ticker.bid),
  ask: text(ticker.ask),
  open24h: text(ticker.open24h),
  high24h: text(ticker.high24h),
  low24h: text(ticker.low24h),
  volume24h: text(ticker.volume24h)
})

const nothing = {
  last: undefined,
  bid: undefined,
  ask: undefined,
  open24h: undefined,
  high24h: undefined,
  low24h: undefined,
  volume24h: "0.00000000"
}

const marketOf = (symbol: string): Market.Market => ({
  symbol: ExchangeSymbol.make(symbol),
  id: symbol.replace("/", ""),
  kind: "spot",
  status: "open",
  base: symbol.split("/", 1).join(""),
  quote: symbol.slice(symbol.indexOf("/") + 1)
})

describe("market", () => {
  const rows = decode(BinanceEndpoints.exchangeInfo, json(fixture("exchangeInfo")))
  const markets = rows.flatMap((row) => BinanceMapping.market(row) ?? [])
  const summary = Record.fromIterableWith(markets, (market) => [
    `${market.symbol}`,
    [market.id, market.status, text(market.tickSize), text(market.lotSize)]
  ])

  it("reads the assets, the status and the two steps that count", () => {
    assert.deepStrictEqual(summary, {
      // MARKET_LOT_SIZE comes first in the list and is not the lot.
      "BTC/USDT": ["BTCUSDT", "open", "0.01000000", "0.00001000"],
      "1000SATS/USDT": ["1000SATSUSDT", "halted", "0.00000010", "1.00000000"],
      "LUNC/BUSD": ["LUNCBUSD", "halted", undefined, undefined],
      "XMR/BTC": ["XMRBTC", "halted", "0.00000100", "0.00100000"],
      "EUR/USDT": ["EURUSDT", "halted", undefined, undefined],
      "SOL/USDT": ["SOLUSDT", "unknown", "0.01000000", "0.00100000"],
      "ETH/USDT": ["ETHUSDT", "unknown", "0.01000000", "0.00010000"],
      "币安人生/USDT": ["币安人生USDT", "open", "0.00010000", "0.10000000"]
    })
    for (const market of markets) assert.strictEqual(market.kind, "spot")
  })

  it("reads the bounds of amounts, prices and worth, where there are any", () => {
    const bounds = (symbol: string) => {
      const found = markets.find((market) => market.symbol === symbol)
      return [found?.minAmount, found?.maxAmount, found?.minPrice, found?.maxPrice, found?.minNotional].map(text)
    }
    assert.deepStrictEqual(bounds("BTC/USDT"), [
      "0.00001000",
      "9000.00000000",
      "0.01000000",
      "1000000.00000000",
      "5.00000000"
    ])
    assert.deepStrictEqual(bounds("LUNC/BUSD"), [undefined, "9000.00000000", undefined, "1000000.00000000", undefined])
    assert.deepStrictEqual(bounds("EUR/USDT"), Array.from({ length: 5 }, () => undefined))
  })

  it("reads the least worth of older symbols, too", () => {
    const [info] = rows
    assert(info !== undefined)
    const old = { filterType: "MIN_NOTIONAL", minNotional: Decimal.make("10") }
    assert.strictEqual(text(BinanceMapping.market({ ...info, filters: [old] })?.minNotional), "10")
  })

  it("leaves out what it cannot read, and nothing else", () => {
    assert.deepStrictEqual(
      rows.map(({ symbol }) => symbol).filter((id) => !markets.some((market) => market.id === id)),
      []
    )
    assert.isFalse(rows.some(({ symbol }) => symbol === "HALFUSDT"))
    assert.strictEqual(rows.length, 8)
  })

  it("takes the assets as they are listed, not as the name seems to say", () => {
    const info = rows[0]
    assert(info !== undefined)
    const market = BinanceMapping.market({ ...info, symbol: "USDTBTC", baseAsset: "BTCU", quoteAsset: "SDT" })
    assert.strictEqual(market?.symbol, "BTCU/SDT")
    assert.strictEqual(market?.id, "USDTBTC")
  })

  it("fails when it can read no row at all, as the shape must have changed", () => {
    assert.isTrue(Either.isLeft(BinanceEndpoints.exchangeInfo.decode({ symbols: [{ name: "BTCUSDT" }] })))
    assert.isTrue(Either.isLeft(BinanceEndpoints.exchangeInfo.decode({ markets: [] })))
    assert.deepStrictEqual(decode(BinanceEndpoints.exchangeInfo, { symbols: [] }), [])
  })
})

describe("ticker", () => {
  it("keeps every digit", () => {
    const wire = decode(BinanceEndpoints.ticker24hr, json(fixture("ticker_24hr")))
    const ticker = BinanceMapping.ticker(marketOf("BTC/USDT"), wire)
    assert.deepStrictEqual(printed(ticker), {
      last: "64043.21000000",
      bid: "64043.20000000",
      ask: "64043.21000000",
      open24h: "62511.01000000",
      high24h: "64500.00000000",
      low24h: "62011.98000000",
      volume24h: "18601.59213000"
    })
    assert.strictEqual(ticker.exchange, "binance")
    assert.strictEqual(ticker.symbol, "BTC/USDT")
    assert.strictEqual(ticker.at, 1_763_942_399_999)
    assertSome(Option.map(Ticker.change24h(ticker), Decimal.format), "0.024511")
  })

  it("takes a zero price for none: no trade in a day, an empty side of the book", () => {
    const [quiet, book] = decode(BinanceEndpoints.tickers24hr, json(fixture("ticker_24hr_symbols")))
    assert(quiet !== undefined && book !== undefined)
    const ticker = BinanceMapping.ticker(marketOf("LUNC/BUSD"), quiet)
    assert.deepStrictEqual(printed(ticker), nothing)
    assertNone(Ticker.change24h(ticker))
    assert.deepStrictEqual(printed(BinanceMapping.ticker(marketOf("ETH/USDT"), book)), {
      ...nothing,
      bid: "3100.24000000",
      ask: "3100.27000000"
    })
  })

  it("takes no answer for one that is not documented so", () => {
    const whole = record(fixture("ticker_24hr"))
    for (
      const wrong of [
        { ...whole, lastPrice: 64_043.21 },
        { ...whole, lastPrice: "" },
        { ...whole, lastPrice: "1e50" },
        { ...whole, lastPrice: "NaN" },
        { ...whole, lastPrice: "9".repeat(41) },
        { ...whole, bidPrice: undefined },
        { ...whole, closeTime: "1763942399999" },
        { ...whole, closeTime: -1 },
        [whole],
        null
      ]
    ) {
      assert.isTrue(Either.isLeft(BinanceEndpoints.ticker24hr.decode(wrong)), JSON.stringify(wrong))
    }
    assert.isTrue(Either.isRight(BinanceEndpoints.ticker24hr.decode(whole)))
  })
})

describe("tickers24hr", () => {
  const weigh = (count: number) =>
    BinanceEndpoints.tickers24hr.cost({ symbols: Array.from({ length: count }, (_, index) => `COIN${index}USDT`) })

  it("costs what the number of symbols costs", () => {
    assert.deepStrictEqual([1, 20, 21, 100, 101].map((count) => weigh(count)["ip"]), [2, 2, 40, 40, 80])
  })

  it("sends the symbols as a JSON array", () => {
    const encoded = Either.getOrThrow(BinanceEndpoints.tickers24hr.encode({ symbols: ["BTCUSDT", "币安人生USDT"] }))
    assert.deepStrictEqual(encoded, { symbols: "[\"BTCUSDT\",\"币安人生USDT\"]" })
  })
})

describe("balances", () => {
  const decodeAccount = (row: unknown) => BinanceEndpoints.account.decode({ balances: [row] })

  it("adds what is locked, exactly, and leaves out what is nothing", () => {
    const balances = BinanceMapping.balances(decode(BinanceEndpoints.account, json(fixture("account"))))
    assert.deepStrictEqual(balances.map(({ asset, free, total }) => [asset, text(free), text(total)]), [
      ["BTC", "0.10000001", "0.30000003"],
      ["USDT", "0.00000000", "25.00000000"],
      ["币安人生", "1234567890123.00000001", "1234567890123.00000001"]
    ])
  })

  it("is strict about money: one bad row fails all", () => {
    assert.isTrue(Either.isRight(decodeAccount({ asset: "BTC", free: "1", locked: "0" })))
    assert.isTrue(Either.isLeft(decodeAccount({ asset: "BTC", free: 1, locked: "0" })))
    assert.isTrue(Either.isLeft(decodeAccount({ asset: "BTC", free: "1" })))
    assert.isTrue(Either.isLeft(decodeAccount({ asset: "", free: "1", locked: "0" })))
  })
})

describe("permissions", () => {
  const restrictions = decode(BinanceEndpoints.apiRestrictions, json(fixture("apiRestrictions")))

  it("reads a key that may only read, from known addresses", () => {
    assert.deepStrictEqual(BinanceMapping.permissions(restrictions), {
      read: true,
      trade: false,
      withdraw: false,
      ipRestricted: true,
      expiresAt: undefined
    })
    const expiresAt = 1_770_000_000_000
    assert.strictEqual(
      BinanceMapping.permissions({ ...restrictions, tradingAuthorityExpirationTime: expiresAt }).expiresAt,
      expiresAt
    )
  })

  it("says of a key that may trade anything that it may trade, and of one that may move funds that it may withdraw", () => {
    for (const flag of ["enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"]) {
      assert.isTrue(BinanceMapping.permissions({ ...restrictions, [flag]: true }).withdraw, flag)
    }
    for (
      const flag of [
        "enableSpotAndMarginTrading",
        "enableMargin",
        "enableFutures",
        "enableVanillaOptions",
        "enableFixApiTrade"
      ]
    ) {
      const wire = decode(BinanceEndpoints.apiRestrictions, { ...record(fixture("apiRestrictions")), [flag]: true })
      assert.isTrue(BinanceMapping.permissions(wire).trade, flag)
    }
    assert.isFalse(BinanceMapping.permissions({ ...restrictions, ipRestrict: false }).ipRestricted)
  })

  it("assumes nothing of a flag that is missing", () => {
    const { enableWithdrawals: _, ...rest } = record(fixture("apiRestrictions"))
    assert.isTrue(Either.isLeft(BinanceEndpoints.apiRestrictions.decode(rest)))
  })
})

describe("serverTime", () => {
  it("reads milliseconds, and nothing else", () => {
    assert.strictEqual(decode(BinanceEndpoints.serverTime, json(fixture("time"))), 1_763_942_400_123)
    for (const serverTime of ["1763942400123", -1, 1.5, null, undefined]) {
      assert.isTrue(Either.isLeft(BinanceEndpoints.serverTime.decode({ serverTime })), String(serverTime))
    }
  })
})
