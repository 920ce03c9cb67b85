import { Decimal, type Market, type Ticker } from "@effect-exchange/core"
import type { Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Either, Record } from "effect"
import { BybitEndpoints, BybitMapping, type BybitWire } from "../src/index.js"
import { envelope, fixture, json, now, result } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const marketsOf = (category: BybitWire.Category): ReadonlyArray<Market.Market> =>
  decode(BybitEndpoints.instrumentsInfo, json(fixture(`get_instruments_${category}`))).list.flatMap((row) =>
    BybitMapping.market(category, row) ?? []
  )

const all = { spot: marketsOf("spot"), linear: marketsOf("linear"), inverse: marketsOf("inverse") }

const find = (category: BybitWire.Category, symbol: string): Market.Market => {
  const market = all[category].find((market) => market.symbol === symbol)
  assert(market !== undefined)
  return market
}

const bitcoin = find("spot", "BTC/USDT")
const perpetual = find("linear", "BTC/USDT:USDT")
const inverse = find("inverse", "BTC/USD:BTC")

describe("market", () => {
  const summary = (markets: ReadonlyArray<Market.Market>) =>
    Record.fromIterableWith(markets, (market) => [
      `${market.symbol}`,
      [market.id, market.kind, market.status, text(market.tickSize), text(market.lotSize)].join(" ")
    ])

  it("reads the coins and the steps of spot, whose lot is the precision of its base", () => {
    assert.deepStrictEqual(summary(all.spot), {
      "BTC/USDT": "BTCUSDT spot open 0.1 0.000001",
      "ETH/BTC": "ETHBTC spot open 0.000001 0.00001",
      "SOL/USDT": "SOLUSDT spot open 0.01 0.001",
      "PUMP/USDT": "PUMPUSDT spot unknown 0.00001 0.1"
    })
    // The least quantity of spot does not count any more.
    assert.isUndefined(bitcoin.minAmount)
    assert.strictEqual(text(bitcoin.minNotional), "5")
    assert.strictEqual(text(bitcoin.maxAmount), "83")
    assert.strictEqual(text(find("spot", "SOL/USDT").maxAmount), "83")
    assert.isUndefined(bitcoin.settle)
  })

  it("reads linear contracts: their coins, their day, what has not begun or is about to end", () => {
    assert.deepStrictEqual(summary(all.linear), {
      "BTC/USDT:USDT": "BTCUSDT perpetual open 0.10 0.001",
      "BTC/USDC:USDC": "BTCPERP perpetual open 0.1 0.001",
      "BTC/USDT:USDT-251226": "BTCUSDT-26DEC25 future open 0.50 0.001",
      "1000PEPE/USDT:USDT": "1000PEPEUSDT perpetual open 0.0000001 100",
      "OLD/USDT:USDT": "OLDUSDT perpetual halted 0.0001 1",
      "NEW/USDT:USDT": "NEWUSDT perpetual halted 0.0001 1"
    })
    const { inverse, maxAmount, maxPrice, minAmount, minNotional, minPrice, multiplier, settle } = perpetual
    assert.deepStrictEqual(
      [minAmount, maxAmount, minPrice, maxPrice, minNotional].map(text),
      ["0.001", "1190.000", "0.10", "1999999.80", "5"]
    )
    assert.deepStrictEqual([settle, inverse, multiplier], ["USDT", undefined, undefined])
  })

  it("reads inverse contracts, each a unit of the quote coin", () => {
    assert.deepStrictEqual(summary(all.inverse), {
      "BTC/USD:BTC": "BTCUSD perpetual open 0.10 1",
      "BTC/USD:BTC-260327": "BTCUSDH26 future open 0.50 1"
    })
    assert.deepStrictEqual([inverse.settle, inverse.inverse, text(inverse.multiplier)], ["BTC", true, "1"])
  })

  it("tells markets of one name apart by their category", () => {
    assert.strictEqual(bitcoin.id, perpetual.id)
    for (const category of ["spot", "linear", "inverse"] as const) {
      for (const market of all[category]) assert.strictEqual(BybitMapping.category(market), category)
    }
    const symbols = Object.values(all).flat().map(({ symbol }) => symbol)
    assert.strictEqual(new Set(symbols).size, symbols.length)
  })

  it("fails when it can read no row at all, as the shape must have changed", () => {
    const { instrumentsInfo } = BybitEndpoints
    assert.isTrue(Either.isLeft(instrumentsInfo.decode(envelope({ list: [{ name: "BTCUSDT" }] }))))
    assert.isTrue(Either.isLeft(instrumentsInfo.decode(envelope({ rows: [] }))))
    assert.deepStrictEqual(decode(instrumentsInfo, envelope({ list: [], nextPageCursor: null })).list, [])
  })
})

describe("ticker", () => {
  const tickerOf = (market: Market.Market, category: string): Ticker.Ticker => {
    const { result, time } = decode(BybitEndpoints.tickers, json(fixture(`get_tickers_${category}`)))
    const row = result.list.find(({ symbol }) => symbol === market.id)
    assert(row !== undefined)
    return BybitMapping.ticker(market, row, time)
  }

  const printed = ({ ask, bid, high24h, last, low24h, open24h, volume24h }: Ticker.Ticker) =>
    [last, bid, ask, open24h, high24h, low24h, volume24h].map(text)

  it("keeps every digit, and the time of the answer", () => {
    const ticker = tickerOf(perpetual, "linear")
    assert.deepStrictEqual(
      printed(ticker),
      ["120635.50", "120635.40", "120635.60", "105595.90", "131309.30", "102007.60", "99123.456"]
    )
    assert.strictEqual(ticker.at, 1_763_942_400_123)
    assert.strictEqual(ticker.symbol, "BTC/USDT:USDT")
    assert.strictEqual(ticker.exchange, "bybit")
    assert.deepStrictEqual(
      printed(tickerOf(bitcoin, "spot")),
      ["64043.2", "64043.2", "64043.3", "62511", "64500", "62011.9", "18601.59213"]
    )
  })

  it("takes the turnover of an inverse contract for its volume, which is in its base coin", () => {
    assert.strictEqual(text(tickerOf(inverse, "inverse").volume24h), "1234.56780000")
  })

  it("takes nothing and zero for no price", () => {
    const ticker = tickerOf(find("linear", "BTC/USDT:USDT-251226"), "linear")
    assert.deepStrictEqual(printed(ticker), [undefined, undefined, undefined, undefined, undefined, undefined, "0"])
  })

  it("leaves out rows it cannot read", () => {
    const { result } = decode(BybitEndpoints.tickers, json(fixture("get_tickers_linear")))
    assert.deepStrictEqual(result.list.map(({ symbol }) => symbol), ["BTCUSDT", "BTCUSDT-26DEC25"])
  })
})

describe("the book, trades and candles", () => {
  it("has the best of each side first, stamped by the matching engine", () => {
    const book = BybitMapping.orderBook(
      perpetual,
      decode(BybitEndpoints.orderbook, json(fixture("get_orderbook")))
    )
    const printed = (levels: typeof book.asks) => levels.map(({ amount, price }) => `${text(price)} ${text(amount)}`)
    assert.deepStrictEqual(printed(book.bids), ["65485.47 47.081829", "65485.4 1"])
    assert.deepStrictEqual(printed(book.asks), ["65557.7 16.606555", "65557.8 0.1"])
    assert.strictEqual(book.at, 1_716_863_718_905)
    assert.strictEqual(book.sequence, "230704")
    const { cts: _, ...rest } = result("get_orderbook")
    const older = BybitMapping.orderBook(perpetual, decode(BybitEndpoints.orderbook, envelope(rest)))
    assert.strictEqual(older.at, 1_716_863_719_031)
  })

  it("has trades with the taker's side", () => {
    const { list } = decode(BybitEndpoints.recentTrade, json(fixture("get_recent_trade")))
    const [first, second] = list.map((wire) => BybitMapping.trade(bitcoin, wire))
    assert.deepStrictEqual(
      { ...first, price: text(first?.price), amount: text(first?.amount) },
      {
        exchange: "bybit",
        symbol: bitcoin.symbol,
        id: "2100000000007764263",
        side: "buy",
        price: "16618.49",
        amount: "0.00012",
        at: 1_672_052_955_758
      }
    )
    assert.strictEqual(second?.side, "sell")
  })

  it("has candles stamped at their open, their volume in contracts where those are inverse", () => {
    const { list } = decode(BybitEndpoints.kline, json(fixture("get_kline")))
    const [latest] = list.map(BybitMapping.bar)
    assert(latest !== undefined)
    const { close, high, low, open, openTime, volume } = latest
    assert.strictEqual(openTime, 1_670_608_800_000)
    assert.deepStrictEqual(
      [open, high, low, close, volume].map(text),
      ["17071", "17073", "17027", "17055.5", "268611"]
    )
  })

  it("takes no answer for one that is not documented so", () => {
    const { kline, orderbook, recentTrade, serverTime } = BybitEndpoints
    const wrongBooks = [
      { ...result("get_orderbook"), b: [["1"]] },
      { ...result("get_orderbook"), a: [["1e50", "1"]] },
      { ...result("get_orderbook"), u: "230704" },
      null
    ]
    for (const wrong of wrongBooks) assert.isTrue(Either.isLeft(orderbook.decode(envelope(wrong))))
    assert.isTrue(Either.isLeft(kline.decode(envelope({ list: [["1670608800000", "1", "1", "1", "1"]] }))))
    assert.isTrue(Either.isLeft(kline.decode(envelope({ list: [["", "1", "1", "1", "1", "1"]] }))))
    const [trade] = decode(recentTrade, json(fixture("get_recent_trade"))).list
    assert(trade !== undefined)
    const wire = { execId: "1", price: "1", size: "1", side: "Buy", time: "1672052955758" }
    assert.isTrue(Either.isRight(recentTrade.decode(envelope({ list: [wire] }))))
    for (const wrong of [{ side: "None" }, { size: "" }, { time: "soon" }, { price: 1 }, { execId: "" }]) {
      assert.isTrue(Either.isLeft(recentTrade.decode(envelope({ list: [{ ...wire, ...wrong }] }))))
    }
    assert.strictEqual(decode(serverTime, json(fixture("get_time"))), 1_763_942_400_123)
    for (const time of ["1763942400123", -1, 1.5, null]) {
      assert.isTrue(Either.isLeft(serverTime.decode({ retCode: 0, result: {}, time })))
    }
    assert.isTrue(Either.isLeft(serverTime.decode({ retCode: 34_040, result: {}, time: now })))
  })
})

describe("status", () => {
  const rows = decode(BybitEndpoints.systemStatus, json(fixture("get_system_status"))).result.list
  const [spot] = rows
  assert(spot !== undefined)
  const statusOf = (...changes: ReadonlyArray<Partial<BybitWire.Interruption>>) =>
    BybitMapping.status(changes.map((change) => ({ ...spot, ...change })), now).status

  it("is what is under way, of what can be traded here", () => {
    assert.deepStrictEqual(BybitMapping.status(rows, now), {
      exchange: "bybit",
      status: "limited",
      detail: "Spot upgrade",
      at: now
    })
    assert.deepStrictEqual(BybitMapping.status([], now), {
      exchange: "bybit",
      status: "operational",
      detail: undefined,
      at: now
    })
  })

  it("is maintenance when orders of neither spot nor contracts are taken", () => {
    assert.strictEqual(statusOf({ product: [1, 2] }), "maintenance")
    assert.strictEqual(statusOf({ product: [1] }, { product: [2] }), "maintenance")
    assert.strictEqual(statusOf({ product: undefined }), "maintenance")
    assert.strictEqual(statusOf({ product: [1, 2], serviceTypes: [5] }), "limited")
    assert.strictEqual(statusOf({ product: [1, 2], uidSuffix: [7] }), "limited")
    assert.strictEqual(statusOf({ product: [3] }), "operational")
    assert.strictEqual(statusOf({ product: [1, 2], serviceTypes: [3, 4] }), "operational")
    for (const state of ["scheduled", "completed", "canceled"]) {
      assert.strictEqual(statusOf({ product: [1, 2], state }), "operational", state)
    }
    assert.strictEqual(statusOf({ state: "paused" }), "unknown")
  })
})

describe("balances", () => {
  const balanceOf = (change: Record.ReadonlyRecord<string, unknown>) =>
    BybitEndpoints.walletBalance.decode(envelope({
      list: [{ coin: [{ coin: "BTC", walletBalance: "1", locked: "0", ...change }] }]
    }))

  it("takes off what orders, positions and a bonus hold, and leaves out what is nothing", () => {
    const wallet = decode(BybitEndpoints.walletBalance, json(fixture("get_wallet_balance")))
    assert.deepStrictEqual(
      BybitMapping.balances(wallet).map(({ asset, free, total }) => [asset, text(free), text(total)]),
      [
        ["BTC", "0.10000001", "0.30000003"],
        ["USDT", "835.00", "1000.50"],
        ["USDC", "7", "7"],
        // More is held than there is, as other coins count as well.
        ["SOL", "0", "1"]
      ]
    )
  })

  it("is strict about money: one bad row fails all", () => {
    assert.isTrue(Either.isRight(balanceOf({})))
    for (const wrong of [{ walletBalance: "" }, { walletBalance: 1 }, { walletBalance: undefined }, { coin: "" }]) {
      assert.isTrue(Either.isLeft(balanceOf(wrong)), JSON.stringify(wrong))
    }
    assert.isTrue(Either.isLeft(balanceOf({ locked: "much" })))
  })
})

describe("permissions", () => {
  const key = decode(BybitEndpoints.queryApi, json(fixture("get_query_api")))
  const permissionsOf = (change: Partial<BybitWire.ApiKey>) => BybitMapping.permissions({ ...key, ...change })

  it("reads a key that may only read, though it names more", () => {
    assert.deepStrictEqual(permissionsOf({}), {
      read: true,
      trade: false,
      withdraw: false,
      ipRestricted: false,
      expiresAt: Date.parse("2026-02-15T03:20:45Z")
    })
  })

  it("reads a key that may trade, by any of the permissions to", () => {
    for (
      const permissions of [
        { ContractTrade: ["Order"] },
        { ContractTrade: ["Position"] },
        { Spot: ["SpotTrade"] },
        { Options: ["OptionsTrade"] },
        { Derivatives: ["DerivativesTrade"] }
      ]
    ) {
      assert.deepInclude(permissionsOf({ readOnly: 0, permissions }), { trade: true, withdraw: false })
      assert.isFalse(permissionsOf({ readOnly: 1, permissions }).trade)
    }
    assert.deepInclude(permissionsOf({ readOnly: 0, permissions: { Earn: ["Earn"], Spot: [] } }), { trade: false })
  })

  it("says of a key that may move coins that it may withdraw", () => {
    for (const action of ["Withdraw", "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"]) {
      const permissions = { Wallet: [action] }
      assert.deepInclude(permissionsOf({ readOnly: 0, permissions }), { trade: false, withdraw: true })
      assert.isFalse(permissionsOf({ readOnly: 1, permissions }).withdraw)
    }
  })

  it("knows of an expiry only where there is one", () => {
    const expiry = (change: Partial<BybitWire.ApiKey>) => "expiresAt" in permissionsOf(change)
    assert.isTrue(expiry({}))
    assert.isFalse(expiry({ expiredAt: "1970-01-01T00:00:00Z" }))
    assert.isFalse(expiry({ expiredAt: "" }))
    assert.isFalse(expiry({ ips: ["192.0.2.7"] }))
    assert.isTrue(permissionsOf({ ips: ["192.0.2.7"] }).ipRestricted)
  })

  it("assumes nothing of what is missing", () => {
    for (const name of ["readOnly", "permissions", "ips"]) {
      const { [name]: _, ...rest } = result("get_query_api")
      assert.isTrue(Either.isLeft(BybitEndpoints.queryApi.decode(envelope(rest))), name)
    }
    assert.isTrue(Either.isLeft(BybitEndpoints.queryApi.decode(envelope({ ...result("get_query_api"), readOnly: 2 }))))
  })
})
