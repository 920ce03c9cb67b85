import { Account, Decimal, ExchangeError, ExchangeSymbol, MarketData, type Order, Trading } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude } from "@effect/vitest/utils"
import { Chunk, Effect, Either, FastCheck, Stream, TestClock } from "effect"
import { Mock } from "../src/index.js"

const tickers = {
  "BTC/USDT": { bid: "100", ask: "101", last: "100.5", market: { tickSize: "0.5", lotSize: "0.1" } },
  "ETH/USDT": { last: "10" },
  "BTC/USD:BTC": { last: "100" }
} as const

const mocked = (options: Mock.TradingOptions = {}) =>
  Mock.layerTrading(tickers, {
    balances: { USDT: { free: "1000", total: "1100" }, BTC: { free: "2" } },
    fee: "0.01",
    ...options
  })

const limit = { type: "limit", symbol: "BTC/USDT", side: "buy", amount: "1", price: "90" } as const

const place = (request: Order.Request) => Effect.flatMap(Trading.Trading, (trading) => trading.place(request))

const shown = Effect.map(
  Effect.flatMap(Account.Account, (account) => account.balances),
  (balances) =>
    Object.fromEntries(
      balances.map((
        { asset, free, total }
      ) => [asset, `${Number(Decimal.format(free))} of ${Number(Decimal.format(total))}`])
    )
)

const openIds = Effect.map(
  Effect.flatMap(Account.Account, (account) => account.openOrders()),
  (orders) => orders.map(({ id }) => id)
)

describe("layerTrading", () => {
  it.effect("refuses a history from an instant that is none, as an exchange does", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const since = Number.NaN
      const reads = [
        Effect.asVoid(account.fills("BTC/USDT", { since })),
        Effect.asVoid(account.orderHistory("BTC/USDT", { since }))
      ]
      for (const read of reads) assert.instanceOf(yield* Effect.flip(read), ExchangeError.InvalidRequest)
    }).pipe(Effect.provide(mocked())))

  it.effect("checks and rounds a price by the tick size at that price", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(place({ ...limit, price: "100.5" }))
      assert.include(error.message, "is not a multiple of the tick 5 at this price")
      const { price } = yield* place({ ...limit, price: "104", round: true })
      assert.strictEqual(price && Decimal.format(price), "100")
    }).pipe(Effect.provide(
      Mock.layerTrading({
        "BTC/USDT": {
          last: "200",
          market: { tickSize: "0.5", tickSizeSteps: [{ fromPrice: "100", tickSize: "5" }] }
        }
      }, { balances: { USDT: { free: "1000" } } })
    )))

  it.effect("keeps a limit order open and locks its cost until it is canceled", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const order = yield* place(limit)
      assert.strictEqual(order.status, "open")
      assert.deepStrictEqual(yield* openIds, [order.id])
      assert.deepStrictEqual(yield* shown, { USDT: "910 of 1100", BTC: "2 of 2" })
      assert.strictEqual((yield* trading.cancel({ symbol: "BTC/USDT", id: order.id })).status, "canceled")
      assert.deepStrictEqual(yield* openIds, [])
      assert.deepStrictEqual(yield* shown, { USDT: "1000 of 1100", BTC: "2 of 2" })
    }).pipe(Effect.provide(mocked())))

  it.effect("every decimal prints in plain notation, also one that is computed", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const market = yield* MarketData.MarketData
      yield* place({ ...limit, price: "150" })
      yield* place(limit)
      const found = JSON.stringify({
        price: yield* market.price("BTC/USDT"),
        book: yield* market.orderBook("BTC/USDT"),
        candles: [...(yield* Stream.runCollect(market.candles("BTC/USDT", "1h", { from: 0 })))],
        orders: yield* account.orderHistory("BTC/USDT"),
        fills: yield* account.fills("BTC/USDT"),
        balances: yield* account.balances
      })
      assertInclude(found, `"price":"90","amount":"1","filled":"0"`)
      assert.notInclude(found, "BigDecimal")
    }).pipe(Effect.provide(mocked())))

  it.effect("fills an order that crosses at the price of the quote, not at its own", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const bought = yield* place({ ...limit, price: "150" })
      assert.strictEqual(bought.status, "filled")
      assert.strictEqual(bought.averagePrice && Decimal.format(bought.averagePrice), "101")
      assert.deepStrictEqual(yield* shown, { USDT: "899 of 999", BTC: "2.99 of 2.99" })
      const sold = yield* place({ type: "market", symbol: "BTC/USDT", side: "sell", amount: "1" })
      assert.deepStrictEqual(yield* shown, { USDT: "998 of 1098", BTC: "1.99 of 1.99" })
      const fills = yield* account.fills("BTC/USDT")
      assert.deepStrictEqual(
        fills.map((
          { fee, feeAsset, liquidity, orderId }
        ) => [orderId, feeAsset, fee && Decimal.format(fee), liquidity]),
        [[bought.id, "BTC", "0.01", "taker"], [sold.id, "USDT", "1.00", "taker"]]
      )
    }).pipe(Effect.provide(mocked())))

  it.effect("fills an open order at its own price when a later quote reaches it", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      const account = yield* Account.Account
      yield* TestClock.setTime(1000)
      const { id } = yield* place(limit)
      yield* TestClock.adjust("1 second")
      yield* mock.setPrice("BTC/USDT", { bid: "89", ask: "90.5" })
      assert.deepStrictEqual(yield* openIds, [id])
      yield* mock.setPrice("BTC/USDT", { bid: "88", ask: "89" })
      assert.deepStrictEqual(yield* openIds, [])
      const order = yield* account.order({ symbol: "BTC/USDT", id })
      assert.strictEqual(order.averagePrice && Decimal.format(order.averagePrice), "90")
      assert.deepStrictEqual([order.status, order.createdAt, order.updatedAt], ["filled", 1000, 2000])
      assert.deepStrictEqual((yield* account.fills("BTC/USDT")).map(({ at, liquidity }) => [at, liquidity]), [[
        2000,
        "maker"
      ]])
    }).pipe(Effect.provide(mocked())))

  it.effect("cancels post-only orders that would cross, and IOC and FOK orders that would not", () =>
    Effect.gen(function*() {
      for (
        const request of [
          { ...limit, price: "101", postOnly: true },
          { ...limit, timeInForce: "IOC" as const },
          { ...limit, timeInForce: "FOK" as const }
        ]
      ) {
        const order = yield* place(request)
        assert.deepStrictEqual([order.status, Decimal.format(order.filled)], ["canceled", "0"])
      }
      assert.strictEqual((yield* place({ ...limit, price: "101", timeInForce: "FOK" })).status, "filled")
      assert.strictEqual((yield* place({ ...limit, price: "100.5", postOnly: true })).status, "open")
    }).pipe(Effect.provide(mocked())))

  it.effect("amends an open order, which may fill it", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const { id } = yield* place(limit)
      const reference = { symbol: "BTC/USDT", id }
      const larger = yield* trading.amend(reference, { amount: "2" })
      assert.deepStrictEqual([larger.id, larger.status], [id, "open"])
      assert.deepStrictEqual(yield* shown, { USDT: "820 of 1100", BTC: "2 of 2" })
      assert.strictEqual((yield* Effect.flip(trading.amend(reference, { amount: "20" })))._tag, "InsufficientFunds")
      assert.strictEqual((yield* trading.amend(reference, { price: "101" })).status, "filled")
      assert.strictEqual((yield* Effect.flip(trading.amend(reference, { price: "1" })))._tag, "OrderRejected")
    }).pipe(Effect.provide(mocked())))

  it.effect("returns the outcome of each order of a batch", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const results = yield* trading.placeBatch([limit, { ...limit, price: "90.3" }, { ...limit, amount: "100" }])
      assert.deepStrictEqual(
        results.map((result) => Either.isRight(result) ? result.right.status : result.left._tag),
        ["open", "InvalidRequest", "InsufficientFunds"]
      )
    }).pipe(Effect.provide(mocked())))

  it.effect("refuses a batch in which two orders have the same client order id, and places none of them", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const named = { ...limit, clientOrderId: "mine-1" }
      const error = yield* Effect.flip(trading.placeBatch([named, { ...named, amount: "2" }]))
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.deepStrictEqual(yield* openIds, [])
    }).pipe(Effect.provide(mocked())))

  const rejected: ReadonlyArray<readonly [what: string, Order.Request, tag: string]> = [
    ["an order beyond the free balance", { ...limit, amount: "11.2" }, "InsufficientFunds"],
    [
      "a sell order beyond the free balance",
      { ...limit, side: "sell", amount: "2.1", price: "200" },
      "InsufficientFunds"
    ],
    ["a price off the tick size", { ...limit, price: "90.1" }, "InvalidRequest"],
    ["a market that is not listed", { ...limit, symbol: "NO/SUCH" }, "SymbolNotFound"],
    ["an order for a contract", { ...limit, symbol: "BTC/USD:BTC" }, "Unsupported"],
    ["a reduce-only order", { ...limit, reduceOnly: true }, "Unsupported"],
    ["an invalid client order id", { ...limit, clientOrderId: "no name" }, "InvalidRequest"]
  ]

  for (const [what, request, tag] of rejected) {
    it.effect(`rejects ${what} and changes nothing`, () =>
      Effect.gen(function*() {
        const before = yield* shown
        assert.strictEqual((yield* Effect.flip(place(request)))._tag, tag)
        assert.deepStrictEqual(yield* openIds, [])
        assert.deepStrictEqual(yield* shown, before)
      }).pipe(Effect.provide(mocked())))
  }

  it.effect("rejects a client order id that is already used", () =>
    Effect.gen(function*() {
      yield* place({ ...limit, clientOrderId: "mine" })
      const error = yield* Effect.flip(place({ ...limit, clientOrderId: "mine" }))
      assert.strictEqual(error._tag, "DuplicateOrder")
      assertInclude(error.message, "mine")
    }).pipe(Effect.provide(mocked())))

  it.effect("rejects a market order when there is no quote", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(Mock.Mock, (mock) => mock.setPrice("BTC/USDT", {}))
      const error = yield* Effect.flip(place({ type: "market", symbol: "BTC/USDT", side: "buy", amount: "1" }))
      assert.strictEqual(error._tag, "OrderRejected")
    }).pipe(Effect.provide(mocked())))

  it.effect("fails with Unsupported for features that are switched off", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const tags = [
        yield* Effect.flip(place({ ...limit, timeInForce: "FOK" })),
        yield* Effect.flip(trading.placeBatch([limit])),
        yield* Effect.flip(trading.amend({ symbol: "BTC/USDT", id: "1" }, { price: "1" }))
      ]
      assert.deepStrictEqual(tags.map(({ _tag }) => _tag), ["Unsupported", "Unsupported", "Unsupported"])
    }).pipe(Effect.provide(mocked({ features: { timeInForce: ["GTC"], amend: false, batch: 0 } }))))

  it.effect("fails and records calls of trading independently of the account", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      const lost = new ExchangeError.OutcomeUnknown({
        exchange: "mock",
        operation: "place",
        detail: "the answer was lost",
        order: { symbol: "BTC/USDT", clientOrderId: "mine-1" },
        cause: new ExchangeError.RequestTimedOut({ exchange: "mock", operation: "place", detail: "no answer" })
      })
      yield* trading.failNext(lost)
      yield* Effect.exit(place({ ...limit, price: "90.1" }))
      yield* shown
      assert.strictEqual(yield* Effect.flip(place(limit)), lost)
      assert.deepStrictEqual(yield* openIds, [])
      assert.strictEqual((yield* place(limit)).status, "open")
      assert.deepStrictEqual((yield* trading.calls).map(({ operation }) => operation), ["place", "place"])
    }).pipe(Effect.provide(mocked())))

  it.effect("returns the given orders and positions, and does not reuse their ids", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      assert.deepStrictEqual(yield* openIds, ["1"])
      assert.deepStrictEqual(yield* shown, { USDT: "970 of 1100", BTC: "2 of 2" })
      assert.notStrictEqual((yield* place(limit)).id, "1")
      assert.strictEqual((yield* account.order({ symbol: "ETH/USDT", clientOrderId: "old" })).id, "1")
      assert.deepStrictEqual(yield* account.positions, [])
    }).pipe(Effect.provide(mocked({
      positions: [],
      orders: [{
        exchange: "mock",
        symbol: ExchangeSymbol.make("ETH/USDT"),
        id: "1",
        clientOrderId: "old",
        side: "buy",
        type: "limit",
        status: "open",
        price: Decimal.make("10"),
        amount: Decimal.make("3"),
        filled: Decimal.make("0"),
        createdAt: 0
      }]
    }))))

  it.effect("fills only the remaining amount of a given order that is partly filled", () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const trading = yield* Trading.Trading
      const reference = { symbol: "BTC/USDT", id: "1" }
      assert.deepStrictEqual(yield* shown, { USDT: "820 of 1100", BTC: "2 of 2" })
      assert.strictEqual((yield* Effect.flip(trading.amend(reference, { amount: "1" })))._tag, "OrderRejected")
      yield* Effect.flatMap(Mock.Mock, (mock) => mock.setPrice("BTC/USDT", { bid: "88", ask: "89" }))
      const { averagePrice, filled, status } = yield* account.order(reference)
      assert.deepStrictEqual(
        [status, Decimal.format(filled), averagePrice && Decimal.format(averagePrice)],
        ["filled", "3", "86.6666666666666667"]
      )
      const fills = yield* account.fills("BTC/USDT")
      assert.deepStrictEqual(fills.map(({ amount, id }) => [id, Decimal.format(amount)]), [["1-1", "1"], ["1-2", "2"]])
      assert.deepStrictEqual(yield* shown, { USDT: "820 of 920", BTC: "3.98 of 3.98" })
    }).pipe(Effect.provide(mocked({
      orders: [{
        exchange: "mock",
        symbol: ExchangeSymbol.make("BTC/USDT"),
        id: "1",
        side: "buy",
        type: "limit",
        status: "open",
        price: Decimal.make("90"),
        amount: Decimal.make("3"),
        filled: Decimal.make("1"),
        averagePrice: Decimal.make("80"),
        createdAt: 0
      }],
      fills: [{
        exchange: "mock",
        symbol: ExchangeSymbol.make("BTC/USDT"),
        id: "1-1",
        orderId: "1",
        side: "buy",
        price: Decimal.make("80"),
        amount: Decimal.make("1"),
        liquidity: "maker",
        at: 0
      }]
    }))))

  const orders = FastCheck.array(
    FastCheck.record({
      side: FastCheck.constantFrom("buy" as const, "sell" as const),
      price: FastCheck.integer({ min: 80, max: 120 }).map(String),
      amount: FastCheck.integer({ min: 1, max: 30 }).map((tenths) => `${Math.floor(tenths / 10)}.${tenths % 10}`),
      next: FastCheck.constantFrom("nothing", "cancel", "quote")
    }),
    { maxLength: 20 }
  )

  it.effect.prop(
    "unlocks what canceled orders locked, and balances match the fills",
    [orders],
    ([orders]) =>
      Effect.gen(function*() {
        const mock = yield* Mock.Mock
        const account = yield* Account.Account
        const trading = yield* Trading.Trading
        for (const { next, ...order } of orders) {
          yield* Effect.either(trading.place({ type: "limit", symbol: "BTC/USDT", ...order }))
          if (next === "quote") {
            yield* mock.setPrice("BTC/USDT", { bid: order.price, ask: `${Number(order.price) + 1}` })
          }
          if (next === "cancel") {
            yield* trading.cancelAll("BTC/USDT")
          }
          for (const { asset, free, total } of yield* account.balances) {
            assert.isFalse(free.value < 0n || total.value < 0n, `${asset} is overdrawn`)
          }
        }
        yield* trading.cancelAll("BTC/USDT")
        const sums = { USDT: 1100, BTC: 2 }
        for (const { amount, fee, price, side } of yield* account.fills("BTC/USDT", { limit: 1000 })) {
          const sign = side === "buy" ? 1 : -1
          sums.BTC += sign * Number(Decimal.format(amount)) -
            (side === "buy" ? Number(Decimal.format(fee ?? amount)) : 0)
          sums.USDT -= sign * Number(Decimal.format(amount)) * Number(Decimal.format(price)) +
            (side === "sell" ? Number(Decimal.format(fee ?? amount)) : 0)
        }
        for (const { asset, free, total } of yield* account.balances) {
          const expected = asset === "BTC" ? sums.BTC : sums.USDT
          assert.closeTo(Number(Decimal.format(total)), expected, 1e-6)
          assert.closeTo(Number(Decimal.format(free)), expected - (asset === "USDT" ? 100 : 0), 1e-6)
        }
      }).pipe(Effect.provide(mocked())),
    { fastCheck: { numRuns: 50 } }
  )
})

describe("market data of a mock", () => {
  const noon = Date.UTC(2026, 0, 1, 12)

  const read = (range: { readonly from: number; readonly to?: number }) =>
    Effect.map(
      Effect.flatMap(MarketData.MarketData, (market) => Stream.runCollect(market.candles("BTC/USDT", "1h", range))),
      (candles) =>
        Chunk.toReadonlyArray(candles).map(({ close, isOpen, openTime, volume }) => [
          openTime,
          Decimal.format(close),
          Decimal.format(volume),
          isOpen
        ])
    )

  const hour = 3_600_000

  it.effect("is a book of the quote, one trade at the last price and flat candles by default", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 1)
      const market = yield* MarketData.MarketData
      const book = yield* market.orderBook("BTC/USDT")
      assert.deepStrictEqual([book.bids, book.asks].map((side) => side.map(({ price }) => Decimal.format(price))), [
        ["100"],
        ["101"]
      ])
      assert.deepStrictEqual((yield* market.trades("BTC/USDT")).map(({ at, price }) => [at, Decimal.format(price)]), [
        [noon + 1, "100.5"]
      ])
      assert.deepStrictEqual(yield* read({ from: noon - hour }), [
        [noon - hour, "100.5", "0", false],
        [noon, "100.5", "0", true]
      ])
      assert.deepStrictEqual((yield* market.orderBook("ETH/USDT")).bids, [])
    }).pipe(Effect.provide(Mock.layer(tickers))))

  it.effect("returns the given trades and candles", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 1)
      const market = yield* MarketData.MarketData
      assert.deepStrictEqual((yield* market.trades("BTC/USDT", { limit: 2 })).map(({ at, side }) => [at, side]), [
        [2, "sell"],
        [3, "buy"]
      ])
      assert.deepStrictEqual(yield* read({ from: 0 }), [[noon - hour, "3", "7", false], [noon, "4", "0", true]])
    }).pipe(Effect.provide(Mock.layer({
      "BTC/USDT": {
        last: "4",
        trades: [
          { price: "1", amount: "1", at: 3 },
          { price: "1", amount: "1", at: 1 },
          { price: "1", amount: "1", at: 2, side: "sell" }
        ],
        candles: [
          { interval: "1h", openTime: noon, open: "3", high: "4", low: "3", close: "4" },
          { interval: "1h", openTime: noon - hour, open: "2", high: "4", low: "1", close: "3", volume: "7" },
          { interval: "1d", openTime: noon - 12 * hour, open: "2", high: "4", low: "1", close: "3" }
        ]
      }
    }))))

  it.effect("returns the given status and keeps serving", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      assert.strictEqual((yield* mock.status).status, "operational")
      yield* mock.setStatus("maintenance", "back at noon")
      const { detail, status } = yield* mock.status
      assert.deepStrictEqual([status, detail], ["maintenance", "back at noon"])
      assert.strictEqual((yield* mock.price("BTC/USDT")).currency, "USDT")
    }).pipe(Effect.provide(Mock.layer(tickers))))

  it.effect("fails in the middle of a range of candles when failNext is called", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      const down = new ExchangeError.RequestTimedOut({ exchange: "mock", operation: "candles", detail: "no answer" })
      yield* TestClock.setTime(noon)
      const seen = yield* Effect.flip(Stream.runForEachChunk(
        mock.candles("BTC/USDT", "1m", { from: noon - 1500 * 60_000 }),
        (chunk) => Chunk.size(chunk) === 1000 ? mock.failNext(down) : Effect.void
      ))
      assert.strictEqual(seen, down)
      assert.strictEqual((yield* mock.calls).length, 2)
    }).pipe(Effect.provide(Mock.layer(tickers))))
})
