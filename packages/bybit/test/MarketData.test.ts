import { KeyPermissions, type Market, type Ticker } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Chunk, Effect, Either, Record, Stream, TestClock } from "effect"
import { Bybit, BybitEndpoints } from "../src/index.js"
import { answering, scripted } from "./support.js"
import { envelope, error, fixture, json, now, result, text } from "./utils.js"

const markets = Effect.flatMap(Bybit.MarketData, ({ markets }) => markets)

const find = (symbol: string) =>
  Effect.map(markets, (all): Market.Market => {
    const market = all.find((market) => market.symbol === symbol)
    assert(market !== undefined, symbol)
    return market
  })

describe("markets", () => {
  const summary = (holds: (market: Market.Market) => boolean) =>
    Effect.map(markets, (all) =>
      Record.fromIterableWith(all.filter(holds), (market) => [
        `${market.symbol}`,
        [market.id, market.kind, market.status, text(market.tickSize), text(market.lotSize)].join(" ")
      ]))

  it.effect("of spot have their listed coins and tick sizes, and the base precision as lot size", () =>
    answering(
      {},
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* summary(({ kind }) => kind === "spot"), {
          "BTC/USDT": "BTCUSDT spot open 0.1 0.000001",
          "ETH/BTC": "ETHBTC spot open 0.000001 0.00001",
          "SOL/USDT": "SOLUSDT spot open 0.01 0.001",
          "PUMP/USDT": "PUMPUSDT spot unknown 0.00001 0.1",
          "币安人生/USDT": "币安人生USDT spot open 0.0001 0.1"
        })
        const bitcoin = yield* find("BTC/USDT")
        // The minimum quantity of spot is obsolete.
        assert.isUndefined(bitcoin.minAmount)
        assert.deepStrictEqual([text(bitcoin.minNotional), text(bitcoin.maxAmount), bitcoin.settle], [
          "5",
          "83",
          undefined
        ])
        assert.strictEqual(text((yield* find("SOL/USDT")).maxAmount), "83")
      })
    ))

  it.effect("of linear contracts have their coins and expiry, including those not yet or no longer traded", () =>
    answering(
      {},
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* summary(({ inverse, kind }) => kind !== "spot" && inverse !== true), {
          "BTC/USDT:USDT": "BTCUSDT perpetual open 0.10 0.001",
          "BTC/USDC:USDC": "BTCPERP perpetual open 0.1 0.001",
          "BTC/USDT:USDT-251226": "BTCUSDT-26DEC25 future open 0.50 0.001",
          "1000PEPE/USDT:USDT": "1000PEPEUSDT perpetual open 0.0000001 100",
          "OLD/USDT:USDT": "OLDUSDT perpetual halted 0.0001 1",
          "NEW/USDT:USDT": "NEWUSDT perpetual halted 0.0001 1"
        })
        const { inverse, maxAmount, maxPrice, minAmount, minNotional, minPrice, multiplier, settle } = yield* find(
          "BTC/USDT:USDT"
        )
        assert.deepStrictEqual(
          [minAmount, maxAmount, minPrice, maxPrice, minNotional].map(text),
          ["0.001", "1190.000", "0.10", "1999999.80", "5"]
        )
        assert.deepStrictEqual([settle, inverse, multiplier], ["USDT", undefined, undefined])
      })
    ))

  it.effect("of inverse contracts have a multiplier of one unit of the quote coin", () =>
    answering(
      {},
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* summary(({ inverse }) => inverse === true), {
          "BTC/USD:BTC": "BTCUSD perpetual open 0.10 1",
          "BTC/USD:BTC-260327": "BTCUSDH26 future open 0.50 1"
        })
        const { multiplier, settle } = yield* find("BTC/USD:BTC")
        assert.deepStrictEqual([settle, text(multiplier)], ["BTC", "1"])
      })
    ))
})

describe("ticker", () => {
  const tickers = {
    "market/tickers": ({ query }: { readonly query: URLSearchParams }) =>
      json(fixture(`get_tickers_${query.get("category")}`))
  }
  const tickerOf = (symbol: string) => Effect.flatMap(Bybit.MarketData, ({ ticker }) => ticker(symbol))
  const printed = ({ ask, bid, high24h, last, low24h, open24h, volume24h }: Ticker.Ticker) =>
    [last, bid, ask, open24h, high24h, low24h, volume24h].map(text)

  it.effect("keeps every digit, and has the time of the response", () =>
    answering(
      tickers,
      Effect.gen(function*() {
        const ticker = yield* tickerOf("BTC/USDT:USDT")
        assert.deepStrictEqual(
          printed(ticker),
          ["120635.50", "120635.40", "120635.60", "105595.90", "131309.30", "102007.60", "99123.456"]
        )
        assert.deepInclude(ticker, { at: 1_763_942_400_123, exchange: "bybit" })
        assert.deepStrictEqual(
          printed(yield* tickerOf("BTC/USDT")),
          ["64043.2", "64043.2", "64043.3", "62511", "64500", "62011.9", "18601.59213"]
        )
      })
    ))

  it.effect("of an inverse contract has the turnover as its volume in the base coin", () =>
    answering(
      tickers,
      Effect.map(tickerOf("BTC/USD:BTC"), ({ volume24h }) => assert.strictEqual(text(volume24h), "1234.56780000"))
    ))

  it.effect("leaves out prices that are empty or zero", () =>
    answering(
      tickers,
      Effect.map(
        tickerOf("BTC/USDT:USDT-251226"),
        (ticker) =>
          assert.deepStrictEqual(printed(ticker), [
            undefined,
            undefined,
            undefined,
            undefined,
            undefined,
            undefined,
            "0"
          ])
      )
    ))

  it.effect("that cannot be decoded hides no other", () =>
    answering(
      tickers,
      Effect.gen(function*() {
        const all = yield* Effect.flatMap(Bybit.MarketData, ({ tickers }) =>
          tickers(["BTC/USDT:USDT", "BTC/USDT:USDT-251226", "BTC/USDT"]))
        assert.deepStrictEqual(
          all.map(({ symbol }) =>
            `${symbol}`
          ),
          [
            "BTC/USDT:USDT",
            "BTC/USDT:USDT-251226",
            "BTC/USDT"
          ]
        )
      })
    ))

  it.effect("fails with SymbolNotFound for a market without a ticker", () =>
    answering(
      { "market/tickers": () => envelope({ list: [] }) },
      Effect.map(Effect.flip(tickerOf("BTC/USDT")), (error) => assert.strictEqual(error._tag, "SymbolNotFound"))
    ))
})

describe("response", () => {
  const { cts: _, ...withoutEngineTime } = result("get_orderbook")

  it.effect("decodes to an order book with the best levels first and the time of the matching engine", () =>
    answering(
      {
        "market/orderbook": ({ query }) =>
          query.get("symbol") === "BTCUSD" ? envelope(withoutEngineTime) : json(fixture("get_orderbook"))
      },
      Effect.gen(function*() {
        const { orderBook } = yield* Bybit.MarketData
        const { asks, at, bids, sequence } = yield* orderBook("BTC/USDT:USDT")
        const printed = (levels: typeof asks) => levels.map(({ amount, price }) => `${text(price)} ${text(amount)}`)
        assert.deepStrictEqual(printed(bids), ["65485.47 47.081829", "65485.4 1"])
        assert.deepStrictEqual(printed(asks), ["65557.7 16.606555", "65557.8 0.1"])
        assert.deepStrictEqual([at, sequence], [1_716_863_718_905, "230704"])
        assert.strictEqual((yield* orderBook("BTC/USD:BTC")).at, 1_716_863_719_031)
      })
    ))

  it.effect("decodes to trades with the taker's side, oldest first", () =>
    answering(
      { "market/recent-trade": () => json(fixture("get_recent_trade")) },
      Effect.gen(function*() {
        const trades = yield* Effect.flatMap(Bybit.MarketData, ({ trades }) => trades("BTC/USDT"))
        assert.deepStrictEqual(
          trades.map(({ amount, at, id, price, side }) => [id, side, text(price), text(amount), at]),
          [
            ["2100000000007764262", "sell", "16618.48", "1", 1_672_052_955_750],
            ["2100000000007764263", "buy", "16618.49", "0.00012", 1_672_052_955_758]
          ]
        )
      })
    ))

  it("decodes to candles with their open time, and the volume of inverse contracts in contracts", () => {
    const [latest] = Either.getOrThrow(BybitEndpoints.kline.decode(json(fixture("get_kline"))))
    assert(latest !== undefined)
    const { close, high, low, open, openTime, volume } = latest
    assert(BigDecimal.isBigDecimal(volume))
    assert.strictEqual(openTime, 1_670_608_800_000)
    assert.deepStrictEqual(
      [open, high, low, close, volume].map(text),
      ["17071", "17073", "17027", "17055.5", "268611"]
    )
  })

  it("of another shape does not decode", () => {
    const { kline, orderbook, recentTrade, serverTime } = BybitEndpoints
    const isRead = (endpoint: { readonly decode: (body: unknown) => { readonly _tag: string } }, body: unknown) =>
      endpoint.decode(body)._tag === "Right"
    const books = [
      { ...result("get_orderbook"), b: [["1"]] },
      { ...result("get_orderbook"), a: [["1e50", "1"]] },
      { ...result("get_orderbook"), u: null },
      null
    ]
    for (const wrong of books) assert.isFalse(isRead(orderbook, envelope(wrong)), JSON.stringify(wrong))
    assert.isFalse(isRead(kline, envelope({ list: [["1670608800000", "1", "1", "1", "1"]] })))
    assert.isFalse(isRead(kline, envelope({ list: [["", "1", "1", "1", "1", "1"]] })))
    const trade = { execId: "1", price: "1", size: "1", side: "Buy", time: "1672052955758" }
    const readTrades = (row: object) => {
      const read = recentTrade.decode(envelope({ list: [row] }))
      return read._tag === "Right" ? read.right.rows.length : undefined
    }
    assert.strictEqual(readTrades(trade), 1)
    for (const wrong of [{ side: "None" }, { size: "" }, { time: "soon" }, { price: 1 }, { execId: "" }]) {
      assert.strictEqual(readTrades({ ...trade, ...wrong }), 0, JSON.stringify(wrong))
    }
    assert.isTrue(isRead(serverTime, json(fixture("get_time"))))
    for (const time of ["1763942400123", -1, 1.5, null]) {
      assert.isFalse(isRead(serverTime, { retCode: 0, result: {}, time }))
    }
  })

  it.effect("without a code fails with MalformedResponse", () =>
    answering(
      { "market/time": () => ({ result: {}, time: now }) },
      Effect.map(
        Effect.flip(Effect.flatMap(Bybit.MarketData, ({ serverTime }) => serverTime)),
        ({ _tag }) => assert.strictEqual(_tag, "MalformedResponse")
      )
    ))
})

describe("status", () => {
  const spot = {
    title: "Spot upgrade",
    state: "ongoing",
    product: [2],
    serviceTypes: [2, 3, 4, 5],
    uidSuffix: [],
    env: 1
  }
  const statusOf = (...changes: ReadonlyArray<object>) =>
    answering(
      { "system/status": () => envelope({ list: changes.map((change) => ({ ...spot, ...change })) }) },
      Effect.flatMap(Bybit.MarketData, ({ status }) => status)
    )
  const assertStatus = (status: string, ...changes: ReadonlyArray<object>) =>
    Effect.map(statusOf(...changes), (result) => assert.strictEqual(result.status, status, JSON.stringify(changes)))

  it.effect("is the ongoing maintenance that affects spot or contracts", () =>
    Effect.gen(function*() {
      const result = yield* answering(
        { "system/status": () => json(fixture("get_system_status")) },
        Effect.zipRight(TestClock.setTime(now), Effect.flatMap(Bybit.MarketData, ({ status }) => status))
      )
      assert.deepStrictEqual(result, { exchange: "bybit", status: "limited", detail: "Spot upgrade", at: now })
      yield* assertStatus("operational")
    }))

  it.effect("is maintenance if neither spot nor contracts accept orders", () =>
    Effect.gen(function*() {
      yield* assertStatus("maintenance", { product: [1, 2] })
      yield* assertStatus("maintenance", { product: [1] }, { product: [2] })
      yield* assertStatus("maintenance", { product: undefined })
      yield* assertStatus("limited", { product: [1, 2], serviceTypes: [5] })
      yield* assertStatus("limited", { product: [1, 2], uidSuffix: [7] })
      yield* assertStatus("operational", { product: [3] })
      yield* assertStatus("operational", { product: [1, 2], serviceTypes: [3, 4] })
      yield* assertStatus("operational", { product: [1, 2], env: 2 })
      for (const state of ["scheduled", "completed", "canceled"]) {
        yield* assertStatus("operational", { product: [1, 2], state })
      }
      yield* assertStatus("unknown", { state: "paused" })
      yield* assertStatus("unknown", { state: 1 })
      yield* assertStatus("limited", { state: 1 }, {})
    }))
})

describe("balances", () => {
  const balances = (answer: unknown) =>
    answering(
      { "account/wallet-balance": () => answer },
      Effect.flatMap(Bybit.Account, ({ balances }) => balances)
    )
  const balanceOf = (change: object) =>
    balances(envelope({ list: [{ coin: [{ coin: "BTC", walletBalance: "1", locked: "0", ...change }] }] }))

  it.effect("subtract what orders, positions and a bonus hold, and leave out empty ones", () =>
    Effect.map(
      balances(json(fixture("get_wallet_balance"))),
      (all) =>
        assert.deepStrictEqual(all.map(({ asset, free, total }) => [asset, text(free), text(total)]), [
          ["BTC", "0.10000001", "0.30000003"],
          ["USDT", "835.00", "1000.50"],
          ["USDC", "7", "7"],
          // More is held than exists, because other coins count too.
          ["SOL", "0", "1"]
        ])
    ))

  it.effect("have no more free under portfolio margin than the account has available", () =>
    Effect.map(
      balances(envelope({
        list: [{
          totalAvailableBalance: "30000",
          coin: [{
            coin: "BTC",
            walletBalance: "2",
            equity: "2",
            usdValue: "120000",
            locked: "0",
            totalOrderIM: "",
            totalPositionIM: ""
          }]
        }]
      })),
      ([bitcoin]) => assert.deepStrictEqual([text(bitcoin?.free), text(bitcoin?.total)], ["0.5", "2"])
    ))

  it.effect("are without what is borrowed, which the wallet balance includes", () =>
    Effect.map(
      balanceOf({ spotBorrow: "0.75" }),
      ([bitcoin]) => assert.deepStrictEqual([text(bitcoin?.free), text(bitcoin?.total)], ["0.25", "0.25"])
    ))

  it.effect("fail if a single row cannot be decoded", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* balanceOf({})).length, 1)
      const invalidRows = [
        { walletBalance: "" },
        { walletBalance: 1 },
        { walletBalance: undefined },
        { coin: "" },
        { locked: "much" }
      ]
      for (const wrong of invalidRows) {
        assert.strictEqual((yield* Effect.flip(balanceOf(wrong)))._tag, "MalformedResponse", JSON.stringify(wrong))
      }
    }))
})

describe("permissions", () => {
  const key = result("get_query_api")
  const permissionsOf = (change: object) =>
    answering(
      { "user/query-api": () => envelope({ ...key, ...change }) },
      Effect.flatMap(Bybit.Account, ({ keyPermissions }) => keyPermissions)
    )

  it.effect("of a read-only key are to read, whatever else it lists", () =>
    Effect.map(permissionsOf({}), (permissions) =>
      assert.deepStrictEqual(permissions, {
        read: true,
        trade: false,
        withdraw: false,
        ipRestricted: false,
        expiresAt: Date.parse("2026-02-15T03:20:45Z")
      })))

  it.effect("of a key for demo trading are to read if it reads the account, as no endpoint reports them", () =>
    Effect.map(
      Effect.flatMap(Bybit.Account, ({ keyPermissions }) => keyPermissions),
      (permissions) => assert.deepStrictEqual(permissions, KeyPermissions.readable)
    ).pipe(Effect.provide(scripted(
      ({ path }) =>
        json(
          path === "/v5/account/wallet-balance"
            ? fixture("get_wallet_balance")
            : error(10032, "Demo trading are not supported.")
        ),
      "demo"
    ))))

  it.effect("include trade for any trading permission of a key that may write", () =>
    Effect.gen(function*() {
      for (
        const permissions of [
          { ContractTrade: ["Order"] },
          { ContractTrade: ["Position"] },
          { Spot: ["SpotTrade"] },
          { Options: ["OptionsTrade"] },
          { Derivatives: ["DerivativesTrade"] }
        ]
      ) {
        assert.deepInclude(yield* permissionsOf({ readOnly: 0, permissions }), { trade: true, withdraw: false })
        assert.isFalse((yield* permissionsOf({ readOnly: 1, permissions })).trade)
      }
      const other = yield* permissionsOf({ readOnly: 0, permissions: { Earn: ["Earn"], Spot: [] } })
      assert.isFalse(other.trade)
    }))

  it.effect("include withdraw for any permission to move coins", () =>
    Effect.gen(function*() {
      for (const action of ["Withdraw", "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"]) {
        const permissions = { Wallet: [action] }
        assert.deepInclude(yield* permissionsOf({ readOnly: 0, permissions }), { trade: false, withdraw: true })
        assert.isFalse((yield* permissionsOf({ readOnly: 1, permissions })).withdraw)
      }
    }))

  it.effect("have an expiry only if the key has one", () =>
    Effect.gen(function*() {
      const expires = (change: object) => Effect.map(permissionsOf(change), ({ expiresAt }) => expiresAt !== undefined)
      assert.isTrue(yield* expires({}))
      assert.isFalse(yield* expires({ expiredAt: "1970-01-01T00:00:00Z" }))
      assert.isFalse(yield* expires({ expiredAt: "" }))
      assert.isFalse(yield* expires({ ips: ["192.0.2.7"] }))
      assert.isTrue((yield* permissionsOf({ ips: ["192.0.2.7"] })).ipRestricted)
    }))

  it.effect("fail with MalformedResponse if a field is missing", () =>
    Effect.gen(function*() {
      for (const wrong of [{ readOnly: undefined }, { permissions: undefined }, { ips: undefined }, { readOnly: 2 }]) {
        const error = yield* Effect.flip(permissionsOf(wrong))
        assert.strictEqual(error._tag, "MalformedResponse", JSON.stringify(wrong))
      }
    }))
})

describe("latest candle", () => {
  const row = [String(now), "85000", "85100.5", "84900", "85050", "2.5", "212625"]
  const read = answering(
    { "market/kline": () => envelope({ category: "spot", symbol: "BTCUSDT", list: [row] }) },
    Effect.gen(function*() {
      const market = yield* Bybit.MarketData
      const candles = yield* Stream.runCollect(market.candles("BTC/USDT", "1m", { from: now }))
      return Chunk.toReadonlyArray(candles).map(({ isOpen }) => isOpen)
    })
  )
  for (const [how, off] of [["ahead", 90_000], ["behind", -90_000]] as const) {
    it.effect(`is open by the exchange's clock, though the local clock is ${how}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now + off)
        assert.deepStrictEqual(yield* read, [true])
      }))
  }
})
