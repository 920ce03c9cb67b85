import { type Account, Decimal, Market, type MarketData, Ticker } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Effect, Either, Option, Random, Record, Schema } from "effect"
import { Binance, BinanceEndpoints } from "../src/index.js"
import { scripted, sent } from "./support.js"
import { decode, fails, fixture, json, record, shown } from "./utils.js"

const symbol = "BTC/USDT"

/** Provides market data over one listing. */
const withListing = <A, E>(listing: string, ask: (data: MarketData.MarketData.Service) => Effect.Effect<A, E>) =>
  scripted(() => ScriptedHttp.json({}), { listing })(Effect.flatMap(Binance.MarketData, ask))

/** Provides market data over one response. */
const withMarketData = <A, E>(body: string, ask: (data: MarketData.MarketData.Service) => Effect.Effect<A, E>) =>
  scripted(() => ScriptedHttp.text(body))(Effect.flatMap(Binance.MarketData, ask))

/** Provides an account over one response. */
const withAccount = <A, E>(
  body: string,
  ask: (
    account: Pick<Account.Account.Service, "balances" | "fills" | "openOrders" | "order" | "orderHistory">
  ) => Effect.Effect<A, E>
) => scripted(() => ScriptedHttp.text(body))(Effect.flatMap(Binance.Account, ask))

describe("markets", () => {
  it.effect("have their assets, status, tick size and lot size", () =>
    withListing(fixture("exchangeInfo"), ({ markets }) =>
      Effect.map(markets, (markets) => {
        const summary = Record.fromIterableWith(markets, (market) => {
          const { id, lotSize, status, tickSize } = shown(market)
          return [`${market.symbol}`, [id, status, tickSize, lotSize]]
        })
        assert.deepStrictEqual(summary, {
          // MARKET_LOT_SIZE is first in the list, and is not the lot size.
          "BTC/USDT": ["BTCUSDT", "open", "0.01000000", "0.00001000"],
          "1000SATS/USDT": ["1000SATSUSDT", "halted", "0.00000010", "1.00000000"],
          "LUNC/BUSD": ["LUNCBUSD", "halted", undefined, undefined],
          "XMR/BTC": ["XMRBTC", "halted", "0.00000100", "0.00100000"],
          "EUR/USDT": ["EURUSDT", "halted", undefined, undefined],
          "SOL/USDT": ["SOLUSDT", "unknown", "0.01000000", "0.00100000"],
          "币安人生/USDT": ["币安人生USDT", "open", "0.00010000", "0.10000000"],
          "ETH/USDT": ["ETHUSDT", "unknown", "0.01000000", "0.00010000"]
        })
        assert.isTrue(markets.every(Schema.is(Market.Market)))
        assert.isTrue(markets.every(({ kind }) => kind === "spot"))
      })))

  it.effect("have the bounds of amounts, prices and notional where they are listed", () =>
    withListing(fixture("exchangeInfo"), ({ market }) =>
      Effect.gen(function*() {
        const bounds = (symbol: string) =>
          Effect.map(market(symbol), (market) => {
            const { maxAmount, maxPrice, minAmount, minNotional, minPrice } = shown(market)
            return [minAmount, maxAmount, minPrice, maxPrice, minNotional]
          })
        assert.deepStrictEqual(yield* bounds("BTC/USDT"), [
          "0.00001000",
          "9000.00000000",
          "0.01000000",
          "1000000.00000000",
          "5.00000000"
        ])
        assert.deepStrictEqual(yield* bounds("LUNC/BUSD"), [
          undefined,
          "9000.00000000",
          undefined,
          "1000000.00000000",
          undefined
        ])
        assert.deepStrictEqual(yield* bounds("EUR/USDT"), Array.from({ length: 5 }, () => undefined))
      })))

  it.effect("have the minimum notional of older symbols", () =>
    withListing(
      fixture("exchangeInfo").replace("\"NOTIONAL\"", "\"MIN_NOTIONAL\""),
      ({ market }) =>
        Effect.map(market(symbol), (market) => assert.deepInclude(shown(market), { minNotional: "5.00000000" }))
    ))

  it.effect("have the assets that are listed, not those the id suggests", () => {
    const listing = fixture("exchangeInfo")
      .replace("\"symbol\": \"BTCUSDT\"", "\"symbol\": \"USDTBTC\"")
      .replace("\"baseAsset\": \"BTC\"", "\"baseAsset\": \"BTCU\"")
      .replace("\"quoteAsset\": \"USDT\"", "\"quoteAsset\": \"SDT\"")
    return withListing(
      listing,
      ({ market }) => Effect.map(market("BTCU/SDT"), ({ id }) => assert.strictEqual(id, "USDTBTC"))
    )
  })

  it("leave out only the rows that cannot be decoded", () => {
    const { rows, unknown } = decode(BinanceEndpoints.exchangeInfo, json(fixture("exchangeInfo")))
    assert.strictEqual(rows.length, 8)
    assert.isFalse(rows.some(({ id }) => id === "HALFUSDT"))
    assert.strictEqual(unknown.length, 1)
    assert.isTrue(fails(BinanceEndpoints.exchangeInfo, { markets: [] }))
  })

  it.effect("fail with MalformedResponse if no row can be decoded", () =>
    withListing(
      "{\"symbols\":[{\"name\":\"BTCUSDT\"}]}",
      ({ markets }) => Effect.map(Effect.flip(markets), (error) => assert.strictEqual(error._tag, "MalformedResponse"))
    ))

  it.effect("are empty if none are listed", () =>
    withListing(
      "{\"symbols\":[]}",
      ({ markets }) => Effect.map(markets, (markets) => assert.deepStrictEqual(markets, []))
    ))
})

describe("ticker", () => {
  it.effect("keeps every digit", () =>
    withMarketData(fixture("ticker_24hr"), ({ ticker }) =>
      Effect.map(ticker(symbol), (ticker) => {
        assert.deepStrictEqual(shown(ticker), {
          exchange: "binance",
          symbol,
          last: "64043.21000000",
          bid: "64043.20000000",
          ask: "64043.21000000",
          open24h: "62511.01000000",
          high24h: "64500.00000000",
          low24h: "62011.98000000",
          volume24h: "18601.59213000",
          at: 1_763_942_399_999
        })
        assertSome(Option.map(Ticker.change24h(ticker), Decimal.format), "0.024511")
      })))

  it.effect("leaves out zero prices: no trade in a day, or an empty side of the book", () =>
    withMarketData(
      fixture("ticker_24hr_symbols"),
      ({ tickers }) =>
        Effect.map(tickers(["LUNC/BUSD", "ETH/USDT"]), ([quiet, book]) => {
          assert(quiet !== undefined && book !== undefined)
          assert.deepStrictEqual(shown(quiet, "at"), {
            exchange: "binance",
            symbol: "LUNC/BUSD",
            volume24h: "0.00000000"
          })
          assertNone(Ticker.change24h(quiet))
          assert.deepStrictEqual(shown(book, "at"), {
            exchange: "binance",
            symbol: "ETH/USDT",
            bid: "3100.24000000",
            ask: "3100.27000000",
            volume24h: "0.00000000"
          })
        })
    ))

  it("does not decode from a response of another shape", () => {
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
      assert.isTrue(fails(BinanceEndpoints.ticker24hr, wrong), JSON.stringify(wrong))
    }
    assert.isFalse(fails(BinanceEndpoints.ticker24hr, whole))
  })

  it("that cannot be decoded hides no other, and is reported with its market", () => {
    const whole = record(fixture("ticker_24hr"))
    const { rows, unknown } = decode(BinanceEndpoints.tickers24hr, [
      { ...whole, symbol: "NEWUSDT", lastPrice: undefined },
      whole
    ])
    assert.deepStrictEqual(rows.map(({ market }) => market), ["BTCUSDT"])
    assert.deepStrictEqual(unknown.map(({ detail, market }) => [market, detail]), [["NEWUSDT", "lastPrice"]])
  })
})

describe("tickers24hr", () => {
  const weigh = (count: number) =>
    BinanceEndpoints.tickers24hr.cost({ symbols: Array.from({ length: count }, (_, index) => `COIN${index}USDT`) })

  it("has a cost that depends on the number of symbols", () => {
    assert.deepStrictEqual([1, 20, 21, 100, 101].map((count) => weigh(count)["ip"]), [2, 2, 40, 40, 80])
    assert.deepStrictEqual(BinanceEndpoints.tickers24hr.cost({ symbols: undefined }), { ip: 80 })
  })

  it("sends the symbols as a JSON array", () => {
    const encoded = Either.getOrThrow(BinanceEndpoints.tickers24hr.encode({ symbols: ["BTCUSDT", "币安人生USDT"] }))
    assert.deepStrictEqual(encoded, { symbols: "[\"BTCUSDT\",\"币安人生USDT\"]" })
  })

  it.effect("requests all tickers if the symbols would make the URL too long, and returns those requested", () => {
    const names = Array.from({ length: 101 }, (_, index) => `C${index}`)
    const [first = {}] = Schema.decodeUnknownSync(
      Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
    )(
      record(fixture("exchangeInfo"))["symbols"]
    )
    const listing = names.map((name) => ({ ...first, symbol: `${name}USDT`, baseAsset: name }))
    const whole = record(fixture("ticker_24hr"))
    const rows = ["C999", ...names].map((name) => ({ ...whole, symbol: `${name}USDT` }))
    return scripted(() => ScriptedHttp.json(rows), { listing: JSON.stringify({ symbols: listing }) })(
      Effect.gen(function*() {
        const tickers = yield* Effect.flatMap(
          Binance.MarketData,
          ({ tickers }) => tickers(names.map((name) => `${name}/USDT`))
        )
        assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), names.map((name) => `${name}/USDT`))
        assert.deepStrictEqual(yield* sent, ["GET /api/v3/ticker/24hr"])
      })
    )
  })
})

describe("order book, trades and candles", () => {
  it("do not decode from a response of another shape", () => {
    const { depth, klines, trades } = BinanceEndpoints
    assert.isTrue(fails(depth, { lastUpdateId: 1, bids: [["1"]], asks: [] }))
    assert.isTrue(fails(depth, { bids: [], asks: [] }))
    assert.isTrue(fails(klines, [[1, "1", "1", "1", "1"]]))
    assert.isTrue(fails(klines, [["1", "1", "1", "1", "1", "1"]]))
    const trade = { id: 1, price: "1", qty: "1", time: 1, isBuyerMaker: true }
    const { rows, unknown } = decode(trades, [trade, { ...trade, id: 2, isBuyerMaker: "perhaps" }])
    assert.deepStrictEqual([rows.map(({ id }) => id), unknown.map(({ id }) => id)], [["1"], ["2"]])
  })
})

describe("balances", () => {
  const row = { asset: "BTC", free: "1", locked: "0" }

  it.effect("add the locked amount exactly, and leave out empty ones", () =>
    withAccount(
      fixture("account"),
      ({ balances }) =>
        Effect.map(balances, (balances) =>
          assert.deepStrictEqual(balances.map((balance) => shown(balance)), [
            { asset: "BTC", free: "0.10000001", total: "0.30000003" },
            { asset: "USDT", free: "0.00000000", total: "25.00000000" },
            { asset: "币安人生", free: "1234567890123.00000001", total: "1234567890123.00000001" }
          ]))
    ))

  it("fail if a single row cannot be decoded", () => {
    const { account } = BinanceEndpoints
    assert.isFalse(fails(account, { balances: [row] }))
    for (const wrong of [{ ...row, free: 1 }, { ...row, locked: undefined }, { ...row, asset: "" }]) {
      assert.isTrue(fails(account, { balances: [row, wrong] }), JSON.stringify(wrong))
    }
    assert.isTrue(fails(account, {}))
  })
})

describe("permissions of a key", () => {
  const whole = record(fixture("apiRestrictions"))
  const permissions = (change: object) => decode(BinanceEndpoints.apiRestrictions, { ...whole, ...change })

  it("are read for a read-only key bound to addresses", () => {
    assert.deepStrictEqual(permissions({}), {
      read: true,
      trade: false,
      withdraw: false,
      ipRestricted: true,
      expiresAt: undefined
    })
    const expiresAt = 1_770_000_000_000
    assert.strictEqual(permissions({ tradingAuthorityExpirationTime: expiresAt }).expiresAt, expiresAt)
  })

  it("include trade for any trading flag, and withdraw for any flag that moves funds", () => {
    for (const flag of ["enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"]) {
      assert.isTrue(permissions({ [flag]: true }).withdraw, flag)
      assert.isFalse(permissions({ [flag]: true }).trade, flag)
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
      assert.isTrue(permissions({ [flag]: true }).trade, flag)
      assert.isFalse(permissions({ [flag]: true }).withdraw, flag)
    }
    assert.isFalse(permissions({ ipRestrict: false }).ipRestricted)
    assert.isFalse(permissions({ enableReading: false }).read)
  })

  it("fail to decode if a flag is missing or is not a boolean", () => {
    for (
      const flag of [
        "enableReading",
        "enableSpotAndMarginTrading",
        "enableWithdrawals",
        "enableInternalTransfer",
        "permitsUniversalTransfer",
        "ipRestrict"
      ]
    ) {
      for (const value of [undefined, "false", 0]) {
        assert.isTrue(fails(BinanceEndpoints.apiRestrictions, { ...whole, [flag]: value }), `${flag} ${value}`)
      }
    }
  })
})

describe("serverTime", () => {
  it("reads milliseconds only", () => {
    assert.strictEqual(decode(BinanceEndpoints.serverTime, json(fixture("time"))), 1_763_942_400_123)
    for (const serverTime of ["1763942400123", -1, 1.5, null, undefined]) {
      assert.isTrue(fails(BinanceEndpoints.serverTime, { serverTime }), String(serverTime))
    }
  })
})

/** The open orders of the fixture, all of one market. */
const openOrdersOfMarket = fixture("openOrders").replace("ETHUSDT", "BTCUSDT")

describe("order", () => {
  it.effect("is decoded if it is partly filled, post-only, or a stop order", () =>
    withAccount(openOrdersOfMarket, ({ openOrders }) =>
      Effect.map(openOrders(symbol), (orders) => {
        const [part, post, stop] = orders.map((order) => shown(order))
        assert.deepStrictEqual(part, {
          exchange: "binance",
          symbol,
          id: "4293153",
          clientOrderId: "9f2c5d0e4b1a4c7d8e6f0a1b2c3d4e5f",
          side: "buy",
          type: "limit",
          status: "open",
          price: "60000.00000000",
          amount: "0.50000000",
          filled: "0.12500000",
          averagePrice: "59999.9",
          timeInForce: "GTC",
          postOnly: false,
          createdAt: 1_763_942_300_000,
          updatedAt: 1_763_942_350_123
        })
        assert(post !== undefined && stop !== undefined)
        assert.deepInclude(post, {
          side: "sell",
          type: "limit",
          status: "open",
          postOnly: true,
          filled: "0.00000000"
        })
        assert.isFalse("averagePrice" in post)
        assert.deepInclude(stop, { type: "other", price: "58000.00000000", postOnly: false })
      })))

  it.effect("leaves out unknown values: a market order's price, an amount in the quote currency, a lost cost", () =>
    withAccount(fixture("allOrders"), ({ orderHistory }) =>
      Effect.map(orderHistory(symbol), (orders) => {
        const [old = {}, byQuote = {}, expired = {}] = orders.map((order) => shown(order))
        assert.deepInclude(old, { type: "market", status: "filled", amount: "3.00000000", filled: "3.00000000" })
        for (const field of ["price", "averagePrice", "timeInForce"]) assert.isFalse(field in old, field)
        assert.isFalse("amount" in byQuote)
        // 190.00000001 / 0.003, rounded at the last place.
        assert.deepInclude(byQuote, { averagePrice: "63333.3333366666666667" })
        assert.deepInclude(expired, { status: "expired", timeInForce: "IOC" })
        assert.isFalse("clientOrderId" in expired)
      })))

  const statuses = [
    ["NEW", "open"],
    ["PENDING_NEW", "pending"],
    ["PARTIALLY_FILLED", "open"],
    ["FILLED", "filled"],
    ["CANCELED", "canceled"],
    ["PENDING_CANCEL", "open"],
    ["REJECTED", "rejected"],
    ["EXPIRED", "expired"],
    ["EXPIRED_IN_MATCH", "expired"]
  ] as const

  const whole = { ...record(fixture("order", "post")), time: 1, updateTime: 2 }

  for (const [status, expected] of statuses) {
    it(`is ${expected} if Binance's status is ${status}`, () => {
      assert.strictEqual(decode(BinanceEndpoints.order, { ...whole, status }).status, expected)
    })
  }

  const odd = [
    { ...whole, status: "CONSTRUCTOR" },
    { ...whole, status: "filled" },
    { ...whole, side: "" },
    { ...whole, timeInForce: "GTD" },
    { ...whole, executedQty: 0.003 },
    { ...whole, executedQty: "" },
    { ...whole, price: undefined },
    { ...whole, cummulativeQuoteQty: undefined },
    { ...whole, time: undefined }
  ]

  it("of another shape does not decode, and hides no other in a list", () => {
    for (const wrong of [...odd, { ...whole, orderId: undefined }, { ...whole, orderId: 1.5 }]) {
      assert.isTrue(fails(BinanceEndpoints.order, wrong), JSON.stringify(wrong))
    }
    assert.isFalse(fails(BinanceEndpoints.order, whole))
    for (const wrong of odd) {
      const { rows, unknown } = decode(BinanceEndpoints.openOrders, [{ ...wrong, orderId: 7 }, whole])
      assert.deepStrictEqual(rows.map(({ id }) => id), ["4293200"])
      // A lookup by these ids shows that the order exists.
      assert.deepStrictEqual(
        unknown.map(({ clientOrderId, id, market }) => [id, market, clientOrderId]),
        [["7", "BTCUSDT", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"]]
      )
    }
  })

  it.effect("keeps every digit of an id greater than a JavaScript number can hold", () => {
    const orders = openOrdersOfMarket.replace("4293153", "9007199254740993")
    return withAccount(
      orders,
      ({ openOrders }) => Effect.map(openOrders(symbol), ([first]) => assert.strictEqual(first?.id, "9007199254740993"))
    )
  })

  it.effect("of another market in a list for one market fails the call", () =>
    withAccount(fixture("openOrders"), ({ openOrders }) =>
      Effect.map(Effect.flip(openOrders(symbol)), (error) => {
        assert.strictEqual(error._tag, "MalformedResponse")
        assert.include(error.message, "ETHUSDT")
      })))
})

describe("placed order", () => {
  it("is decoded as it is after matching", () => {
    assert.deepStrictEqual(shown(decode(BinanceEndpoints.newOrder, json(fixture("order", "post")))), {
      market: "BTCUSDT",
      id: "4293200",
      clientOrderId: "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
      side: "sell",
      type: "market",
      status: "filled",
      amount: "0.00300000",
      filled: "0.00300000",
      averagePrice: "64043.2100033333333333",
      postOnly: false,
      createdAt: 1_763_942_400_456,
      updatedAt: 1_763_942_400_456
    })
  })

  it("is not decoded from a bare acknowledgement", () => {
    const ack = { symbol: "BTCUSDT", orderId: 28, orderListId: -1, clientOrderId: "mine", transactTime: 1 }
    assert.isTrue(fails(BinanceEndpoints.newOrder, ack))
  })
})

describe("canceled order", () => {
  it("has its own client order id, not that of the cancellation", () => {
    const order = shown(decode(BinanceEndpoints.cancelOrder, json(fixture("order", "delete"))))
    assert.deepInclude(order, {
      clientOrderId: "9f2c5d0e4b1a4c7d8e6f0a1b2c3d4e5f",
      status: "canceled",
      filled: "0.12500000",
      updatedAt: 1_763_942_401_000
    })
    assert.isFalse("createdAt" in order)
  })

  it.effect("is returned by cancelAll with one request, including the orders of an order list", () =>
    scripted(() => ScriptedHttp.text(fixture("openOrders", "delete")))(Effect.gen(function*() {
      const canceled = yield* Effect.flatMap(Binance.Trading, ({ cancelAll }) => cancelAll(symbol))
      assert.deepStrictEqual(canceled, ["4293153", "20", "21"])
      assert.deepStrictEqual(yield* sent, ["DELETE /api/v3/openOrders?symbol=BTCUSDT"])
    })))

  it("is returned by cancelAll whatever else its row says, but not without an id", () => {
    const { cancelOpenOrders } = BinanceEndpoints
    assert.deepStrictEqual(decode(cancelOpenOrders, [{ orderId: 1, status: "CONSTRUCTOR" }]), [{ orderId: "1" }])
    assert.isTrue(fails(cancelOpenOrders, [{ orderListId: 1929 }]))
  })
})

describe("fill", () => {
  it.effect("has its side, liquidity and fee", () =>
    withAccount(
      fixture("myTrades"),
      ({ fills }) =>
        Effect.map(fills(symbol), (fills) =>
          assert.deepStrictEqual(fills.map((fill) => shown(fill)), [
            {
              exchange: "binance",
              symbol,
              id: "28457",
              orderId: "4293153",
              side: "buy",
              price: "59999.90000000",
              amount: "0.12500000",
              fee: "0.00012500",
              feeAsset: "BTC",
              liquidity: "maker",
              at: 1_763_942_350_123
            },
            {
              exchange: "binance",
              symbol,
              id: "28460",
              orderId: "4293160",
              side: "sell",
              price: "64043.20000000",
              amount: "0.01000000",
              fee: "0.00081230",
              feeAsset: "BNB",
              liquidity: "taker",
              at: 1_763_942_399_999
            }
          ]))
    ))

  it("without its amounts does not decode, and hides no other", () => {
    const [row] = Schema.decodeUnknownSync(
      Schema.parseJson(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
    )(fixture("myTrades"))
    for (
      const wrong of [
        { ...row, id: 9, commission: undefined },
        { ...row, id: 9, commissionAsset: "" },
        { ...row, id: 9, price: "" },
        { ...row, id: 9, isBuyer: undefined },
        { ...row, id: 9, isMaker: "perhaps" }
      ]
    ) {
      const { rows, unknown } = decode(BinanceEndpoints.myTrades, [row, wrong])
      assert.deepStrictEqual([rows.map(({ id }) => id), unknown.map(({ id }) => id)], [["28457"], ["9"]])
    }
  })
})

describe("endpoints", () => {
  it("cost the documented weights", () => {
    const { cancelOpenOrders, cancelOrder, depth, myTrades, newOrder, openOrders, order } = BinanceEndpoints
    const limits = [1, 100, 101, 500, 501, 1000, 1001, 5000]
    assert.deepStrictEqual(
      limits.map((limit) => depth.cost({ symbol: "BTCUSDT", limit })["ip"]),
      [5, 5, 25, 25, 50, 50, 250, 250]
    )
    assert.deepStrictEqual(openOrders.cost({}), { ip: 80 })
    assert.deepStrictEqual(openOrders.cost({ symbol: "BTCUSDT" }), { ip: 6 })
    assert.deepStrictEqual(myTrades.cost({ symbol: "BTCUSDT", limit: 1 }), { ip: 20 })
    assert.deepStrictEqual(myTrades.cost({ symbol: "BTCUSDT", limit: 1, orderId: "1" }), { ip: 5 })
    assert.deepStrictEqual(order.cost({ symbol: "BTCUSDT", orderId: "1" }), { ip: 4 })
    assert.deepStrictEqual(cancelOrder.cost({ symbol: "BTCUSDT", orderId: "1" }), { ip: 1 })
    assert.deepStrictEqual(cancelOpenOrders.cost({ symbol: "BTCUSDT" }), { ip: 1 })
    assert.deepStrictEqual(
      newOrder.cost({
        symbol: "BTCUSDT",
        side: "BUY",
        type: "MARKET",
        quantity: Decimal.make("1"),
        newClientOrderId: "mine",
        newOrderRespType: "RESULT"
      }),
      { ip: 1, orders10s: 1, orders1d: 1 }
    )
  })

  it("repeat a cancellation but never a placement", () => {
    const { cancelOpenOrders, cancelOrder, newOrder, order } = BinanceEndpoints
    assert.deepStrictEqual(
      [order, newOrder, cancelOrder, cancelOpenOrders].map(({ idempotency }) => idempotency),
      ["safe", "once", "idempotent", "idempotent"]
    )
  })
})

describe("client order ids", () => {
  const placed = (clientOrderId: string | undefined) =>
    scripted(({ query }) =>
      ScriptedHttp.json({
        ...record(fixture("order", "post")),
        clientOrderId: query.get("newClientOrderId")
      })
    )(
      Effect.flatMap(Binance.Trading, ({ place }) =>
        Effect.either(place({ type: "market", symbol, side: "sell", amount: "0.003", clientOrderId })))
    )

  it.effect("are 32 lowercase hexadecimal digits by default", () =>
    Effect.map(
      placed(undefined),
      (order) => assert.match(Either.getOrThrow(order).clientOrderId ?? "", /^[0-9a-f]{32}$/)
    ).pipe(
      Effect.withRandom(Random.make("ids"))
    ))

  for (const wrong of ["", "x".repeat(37), "a b", "a.b", "a:b", "a/b", "ü", "a\n"]) {
    it.effect(`are refused if invalid: ${JSON.stringify(wrong)}`, () =>
      Effect.map(placed(wrong), (order) => {
        assert(Either.isLeft(order))
        assert.strictEqual(order.left._tag, "InvalidRequest")
      }))
  }
})
