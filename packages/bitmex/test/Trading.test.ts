import { Account, type Order, OrderJournal, Telemetry, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Fiber, Layer, Metric, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { elapsing, fault, place, resting, sent, setPrice, simulated, text } from "./support.js"
import { fixture, now, requestLog } from "./utils.js"

// A market for each unit of quantity: satoshis, millionths of a bitcoin and dollars.
const markets = [
  { symbol: "BTC/USDT", amount: "0.001", kind: "spot", fee: "BTC" },
  { symbol: "BTC/USDT:USDT", amount: "0.01", kind: "perpetual", fee: "USDT" },
  { symbol: "BTC/USD:BTC", amount: "300", kind: "perpetual", fee: "BTC" }
] as const

describe("place", () => {
  for (const { amount, fee, kind, symbol } of markets) {
    it.effect(`leaves a limit order on ${symbol} open until the price fills it, and the fill is listed`, () =>
      simulated(Effect.gen(function*() {
        const order = yield* place({
          type: "limit",
          symbol,
          side: "buy",
          amount,
          price: "50000",
          clientOrderId: "mine"
        })
        assert.strictEqual(`${order.symbol}`, symbol)
        assert.deepInclude(order, { status: "open", side: "buy", type: "limit", clientOrderId: "mine" })
        assert.deepInclude(order, { timeInForce: "GTC", postOnly: false, reduceOnly: false })
        assert.deepStrictEqual([text(order.amount), text(order.filled), text(order.price)], [amount, "0", "50000"])
        const account = yield* BitMex.Account
        assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [order.id])
        assert.deepStrictEqual(yield* account.openOrders(symbol), yield* account.openOrders())
        const byName = yield* account.order({ symbol, clientOrderId: "mine" })
        assert.deepStrictEqual(byName, yield* account.order({ symbol, id: order.id }))
        const market = yield* Effect.flatMap(BitMex.MarketData, (data) => data.market(symbol))
        yield* setPrice(market.id, "49000")
        const filled = yield* account.order({ symbol, id: order.id })
        assert.deepStrictEqual([filled.status, text(filled.filled)], ["filled", amount])
        assert.deepStrictEqual(yield* account.openOrders(symbol), [])
        assert.deepStrictEqual((yield* account.orderHistory(symbol)).map(({ id }) => id), [order.id])
        const [fill, ...others] = yield* account.fills(symbol)
        assert(fill !== undefined && others.length === 0)
        assert.deepInclude(fill, { orderId: order.id, clientOrderId: "mine", liquidity: "maker", feeAsset: fee })
        assert.deepStrictEqual([text(fill.amount), text(fill.price)], [amount, "50000"])
        const positions = yield* account.positions
        assert.deepStrictEqual(
          positions.map((position) => [`${position.symbol}`, position.side, text(position.amount)]),
          kind === "spot" ? [] : [[symbol, "long", amount]]
        )
      })))

    it.effect(`fills a market order on ${symbol} immediately`, () =>
      simulated(Effect.gen(function*() {
        const order = yield* place({ type: "market", symbol, side: "sell", amount })
        assert.deepInclude(order, { status: "filled", type: "market" })
        assert.deepStrictEqual([text(order.amount), text(order.filled), order.price], [amount, amount, undefined])
        assert.isTrue(order.averagePrice !== undefined && Number(text(order.averagePrice)) > 59_000)
        const [fill] = yield* Effect.flatMap(Account.Account, (account) => account.fills(symbol))
        assert.strictEqual(fill?.liquidity, "taker")
        assert.match(order.clientOrderId ?? "", /^[0-9a-f]{32}$/)
      })))
  }

  it.effect("leaves a post-only order open, or cancels it if it would trade", () =>
    simulated(Effect.gen(function*() {
      const rests = yield* place({ ...resting, postOnly: true })
      assert.deepInclude(rests, { status: "open", postOnly: true })
      const crosses = yield* place({ ...resting, price: "61000", postOnly: true })
      assert.deepInclude(crosses, { status: "canceled", postOnly: true })
      assert.strictEqual(text(crosses.filled), "0")
    })))

  it.effect("fills in part an order greater than the offer, and leaves the rest open or cancels it", () =>
    simulated(Effect.gen(function*() {
      const data = yield* BitMex.MarketData
      const { asks: [best] } = yield* data.orderBook("BTC/USDT:USDT")
      assert(best !== undefined)
      const large = { ...resting, amount: "1", price: best.price }
      const partly = yield* place(large)
      assert.strictEqual(partly.status, "open")
      assert.strictEqual(text(partly.filled), text(best.amount))
      yield* setPrice("XBTUSDT", "60000.1")
      for (const timeInForce of ["IOC", "FOK"] as const) {
        const { asks: [best] } = yield* data.orderBook("BTC/USDT:USDT")
        assert(best !== undefined)
        const ended = yield* place({ ...large, price: best.price, timeInForce })
        assert.deepInclude(ended, { status: "canceled", timeInForce })
        assert.strictEqual(text(ended.filled), timeInForce === "FOK" ? "0" : text(best.amount))
      }
    })))

  it.effect("fills a reduce-only order against a position, and is refused without a position", () =>
    simulated(Effect.gen(function*() {
      const close = { type: "market", symbol: "BTC/USD:BTC", side: "sell", amount: "200", reduceOnly: true } as const
      const refused = yield* Effect.flip(place(close))
      assert.strictEqual(refused._tag, "OrderRejected")
      assert.include(refused.message, "current position is 0")
      yield* place({ ...close, side: "buy", amount: "300", reduceOnly: false })
      assert.deepInclude(yield* place(close), { status: "filled", reduceOnly: true })
      const [position] = yield* Effect.flatMap(BitMex.Account, (account) => account.positions)
      assert.deepStrictEqual([position?.side, text(position?.amount)], ["long", "100"])
    })))

  const refusals = [
    ["the account cannot pay for", { ...resting, amount: "10" }, "InsufficientFunds", 400],
    ["with a price off the tick size", { ...resting, price: "50000.05" }, "InvalidRequest", undefined],
    ["with an amount off the lot size", { ...resting, amount: "0.0005" }, "InvalidRequest", undefined],
    ["above the maximum amount", { ...resting, amount: "1000000" }, "InvalidRequest", undefined],
    ["that is reduce-only on spot", { ...resting, symbol: "BTC/USDT", reduceOnly: true }, "Unsupported", undefined],
    ["with an invalid client order id", { ...resting, clientOrderId: "a/b" }, "InvalidRequest", undefined],
    ["on an unlisted market", { ...resting, symbol: "BTC/USD:BTC-250328" }, "SymbolNotFound", undefined]
  ] as const

  for (const [title, request, tag, status] of refusals) {
    it.effect(`an order ${title} is refused`, () =>
      simulated(Effect.gen(function*() {
        const error = yield* Effect.flip(place(request))
        assert.strictEqual(error._tag, tag)
        assert.strictEqual("status" in error ? error.status : undefined, status)
        assert.strictEqual(yield* sent("POST"), status === undefined ? 0 : 1)
      })))
  }

  it.effect("fails with DuplicateOrder for a client order id used before", () =>
    simulated(Effect.gen(function*() {
      yield* place({ ...resting, clientOrderId: "once" })
      const second = yield* Effect.flip(place({ ...resting, clientOrderId: "once" }))
      assert.strictEqual(second._tag, "DuplicateOrder")
      assert.strictEqual((yield* Effect.flatMap(BitMex.Account, (account) => account.openOrders())).length, 1)
    })))

  it.effect("fails with PermissionDenied for a read-only key", () =>
    simulated(
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(place(resting)))._tag, "PermissionDenied")
      }),
      { credentials: Simulator.credentials("bitmex", "read") }
    ))

  it.effect("sends at most ten orders a second", () =>
    simulated(Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.all(Array.from({ length: 11 }, () => place(resting)), {
        concurrency: "unbounded"
      }))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* sent("POST"), 10)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).length, 11)
      assert.isTrue((yield* requestLog).every((request) => !request.includes("429")))
    })))
})

describe("cancel", () => {
  it.effect("cancels an order by either id, also when repeated", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* BitMex.Trading
      const { symbol } = resting
      const first = yield* place(resting)
      const second = yield* place({ ...resting, clientOrderId: "second" })
      assert.deepInclude(yield* trading.cancel({ symbol, id: first.id }), { id: first.id, status: "canceled" })
      assert.deepInclude(yield* trading.cancel({ symbol, clientOrderId: "second" }), {
        id: second.id,
        status: "canceled"
      })
      assert.deepInclude(yield* trading.cancel({ symbol, id: first.id }), { id: first.id, status: "canceled" })
    })))

  it.effect("returns a filled order as filled", () =>
    simulated(Effect.gen(function*() {
      const { id, symbol } = yield* place({ type: "market", symbol: "BTC/USDT", side: "buy", amount: "0.001" })
      const ended = yield* Effect.flatMap(Trading.Trading, (trading) => trading.cancel({ symbol, id }))
      assert.deepInclude(ended, { id, status: "filled" })
    })))

  it.effect("fails with OrderNotFound for an order that does not exist", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* BitMex.Trading
      const { symbol } = resting
      for (
        const reference of [
          { symbol, clientOrderId: "nobody" },
          { symbol, id: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01" },
          { symbol, id: "nonsense" }
        ]
      ) {
        assert.strictEqual((yield* Effect.flip(trading.cancel(reference)))._tag, "OrderNotFound")
        const account = yield* BitMex.Account
        assert.strictEqual((yield* Effect.flip(account.order(reference)))._tag, "OrderNotFound")
      }
    })))

  it.effect("is retried if its response is lost", () =>
    simulated(Effect.gen(function*() {
      const { id, symbol } = yield* place(resting)
      yield* fault("/api/v1/order", "DELETE", { reset: 1 })
      const ended = yield* elapsing(Effect.flatMap(BitMex.Trading, (trading) => trading.cancel({ symbol, id })))
      assert.deepInclude(ended, { id, status: "canceled" })
    })))

  it.effect("cancels all orders of one market only with cancelAll", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* BitMex.Trading
      const mine = yield* Effect.all([place(resting), place(resting)])
      const other = yield* place({ ...resting, symbol: "BTC/USDT" })
      const canceled = yield* trading.cancelAll(resting.symbol)
      assert.deepStrictEqual(canceled.toSorted(), mine.map(({ id }) => id).toSorted())
      const open = yield* Effect.flatMap(BitMex.Account, (account) => account.openOrders())
      assert.deepStrictEqual(open.map(({ id }) => id), [other.id])
      assert.deepStrictEqual(yield* trading.cancelAll(resting.symbol), [])
    })))
})

describe("amend", () => {
  const amend = (reference: Order.Reference, amendment: Order.Amendment) =>
    Effect.flatMap(BitMex.Trading, (trading) => trading.amend(reference, amendment))

  it.effect("changes price and amount of an open order, which keeps its id", () =>
    simulated(Effect.gen(function*() {
      const { symbol } = resting
      const { id } = yield* place({ ...resting, clientOrderId: "mine" })
      const cheaper = yield* amend({ symbol, id }, { price: "49000.5" })
      assert.deepStrictEqual([cheaper.id, text(cheaper.price), text(cheaper.amount)], [id, "49000.5", "0.01"])
      const more = yield* amend({ symbol, clientOrderId: "mine" }, { amount: "0.02", price: "49000.5" })
      assert.deepStrictEqual([more.id, text(more.price), text(more.amount)], [id, "49000.5", "0.02"])
      const before = yield* sent("PUT")
      assert.deepStrictEqual(yield* amend({ symbol, id }, { amount: "0.02" }), more)
      assert.strictEqual(yield* sent("PUT"), before)
    })))

  it.effect("includes the filled part in the amount", () =>
    simulated(Effect.gen(function*() {
      const { asks: [best] } = yield* Effect.flatMap(BitMex.MarketData, (data) => data.orderBook(resting.symbol))
      assert(best !== undefined)
      const { id, symbol } = yield* place({ ...resting, amount: "1", price: best.price })
      const smaller = yield* amend({ symbol, id }, { amount: "0.9" })
      assert.deepStrictEqual([text(smaller.amount), text(smaller.filled)], ["0.9", text(best.amount)])
    })))

  it.effect("is resolved if its response is lost, and sent once", () =>
    simulated(Effect.gen(function*() {
      const { id, symbol } = yield* place(resting)
      yield* fault("/api/v1/order", "PUT", { reset: 1 })
      const changed = yield* elapsing(amend({ symbol, id }, { price: "48000" }))
      assert.strictEqual(text(changed.price), "48000")
      assert.strictEqual(yield* sent("PUT"), 1)
    })))

  it.effect("is refused for an order that has ended", () =>
    simulated(Effect.gen(function*() {
      const { id, symbol } = yield* place(resting)
      yield* Effect.flatMap(BitMex.Trading, (trading) => trading.cancel({ symbol, id }))
      assert.strictEqual((yield* Effect.flip(amend({ symbol, id }, { price: "48000" })))._tag, "OrderRejected")
      assert.strictEqual(yield* sent("PUT"), 0)
    })))
})

describe("history", () => {
  it.effect("is the latest rows, oldest first", () =>
    simulated(
      Effect.gen(function*() {
        const account = yield* BitMex.Account
        const orders: Array<Order.Order> = []
        for (let index = 0; index < 5; index++) {
          orders.push(yield* place({ ...resting, amount: "0.001" }))
          yield* TestClock.adjust("1 second")
        }
        const ids = orders.map(({ id }) => id)
        assert.deepStrictEqual((yield* account.orderHistory(resting.symbol)).map(({ id }) => id), ids)
        const latest = yield* account.orderHistory(resting.symbol, { limit: 2 })
        assert.deepStrictEqual(latest.map(({ id }) => id), ids.slice(-2))
        const since = orders[3]?.createdAt
        const recent = yield* account.orderHistory(resting.symbol, { since })
        assert.deepStrictEqual(recent.map(({ id }) => id), ids.slice(-2))
        assert.deepStrictEqual(yield* account.orderHistory("BTC/USDT"), [])
        assert.deepStrictEqual(yield* account.fills(resting.symbol), [])
      })
    ))

  it.effect("keeps the order of rows with the same time", () =>
    simulated(Effect.gen(function*() {
      const account = yield* BitMex.Account
      const orders = [yield* place(resting), yield* place(resting), yield* place(resting)]
      assert.deepStrictEqual(
        (yield* account.orderHistory(resting.symbol)).map(({ id }) => id),
        orders.map(({ id }) => id)
      )
    })))

  const row = (index: number) => ({
    orderID: `order-${index}`,
    symbol: "XBTUSDT",
    side: "Buy",
    orderQty: 1000,
    cumQty: 0,
    ordType: "Limit",
    ordStatus: "New",
    transactTime: new Date(now - index * 1000).toISOString()
  })

  const scripted = (...bodies: ReadonlyArray<unknown>) =>
    Layer.provideMerge(
      Layer.provide(
        BitMex.layer({
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: Simulator.credentials("bitmex")
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer([
        ScriptedHttp.text(fixture("instrument_active")),
        ...bodies.map((body) => ScriptedHttp.json(body))
      ])
    )

  const pages = [
    // Some open orders may have ended since the previous page, so half of it is read again.
    ["open orders", 250, (account) => account.openOrders("BTC/USDT:USDT")],
    ["order history", 500, (account) => account.orderHistory("BTC/USDT:USDT", { limit: 600 })]
  ] as const satisfies ReadonlyArray<
    readonly [string, number, (account: Account.Account.Service) => Effect.Effect<ReadonlyArray<Order.Order>, unknown>]
  >
  for (const [what, start, read] of pages) {
    it.effect(`longer than a page is read page by page, without repeating rows on two pages: ${what}`, () =>
      Effect.gen(function*() {
        const first = Array.from({ length: 500 }, (_, index) => row(index))
        const open = yield* Effect.flatMap(BitMex.Account, read).pipe(
          Effect.zip(Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)),
          Effect.provide(scripted(first, [row(499), row(500), row(501)]))
        )
        const [orders, requests] = open
        assert.deepStrictEqual(
          orders.map(({ id }) => id),
          Array.from({ length: 502 }, (_, index) => `order-${501 - index}`)
        )
        const asked = requests.slice(1).map(({ url }) => decodeURIComponent(url.split("?")[1] ?? ""))
        const filter = what === "order history" ? "" : "&filter={\"open\":true}"
        assert.deepStrictEqual(asked, [
          `symbol=XBTUSDT${filter}&count=500&start=0&reverse=true`,
          `symbol=XBTUSDT${filter}&count=500&start=${start}&reverse=true`
        ])
      }))
  }

  it.effect("cancelAll leaves out an order whose row has an error", () =>
    Effect.gen(function*() {
      const canceled = yield* Effect.flatMap(BitMex.Trading, (trading) => trading.cancelAll("BTC/USDT:USDT"))
      assert.deepStrictEqual(canceled, ["order-1"])
    }).pipe(Effect.provide(scripted([
      { ...row(1), ordStatus: "Canceled" },
      { ...row(2), error: "Unable to cancel order due to existing state: Filled" }
    ]))))

  it.effect("cancelAll returns none if all orders have ended meanwhile, and fails with OrderRejected if one is still open", () =>
    Effect.gen(function*() {
      const trading = yield* BitMex.Trading
      assert.deepStrictEqual(yield* trading.cancelAll("BTC/USDT:USDT"), [])
      const error = yield* Effect.flip(trading.cancelAll("BTC/USDT:USDT"))
      assert.strictEqual(error._tag, "OrderRejected")
    }).pipe(Effect.provide(scripted(
      [{ ...row(1), error: "Unable to cancel order due to existing state: Filled" }],
      [{ ...row(1), error: "The engine is being moved" }]
    ))))

  it.effect("a fill or an order on two pages is returned once, as last read", () =>
    Effect.gen(function*() {
      const execution = (index: number) => ({
        ...row(index),
        execID: `execution-${index}`,
        execType: "Trade",
        lastQty: 1000,
        lastPx: 60_000
      })
      const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)
      const [fills, orders] = yield* Effect.flatMap(BitMex.Account, (account) =>
        Effect.all([
          account.fills("BTC/USDT:USDT", { limit: 1000 }),
          account.orderHistory("BTC/USDT:USDT", { limit: 1000 })
        ])).pipe(
          Effect.provide(scripted(
            numbers(0, 500).map(execution),
            numbers(498, 4).map(execution),
            numbers(0, 500).map(row),
            numbers(498, 4).map((index) => ({ ...row(index), ordStatus: "Canceled" }))
          ))
        )
      assert.deepStrictEqual(fills.map(({ id }) => id), numbers(0, 502).map((index) => `execution-${501 - index}`))
      assert.deepStrictEqual(orders.map(({ id }) => id), numbers(0, 502).map((index) => `order-${501 - index}`))
      assert.deepStrictEqual(
        orders.slice(0, 5).map(({ status }) => status),
        ["canceled", "canceled", "canceled", "canceled", "open"]
      )
    }))

  it.effect("an open order of an unlisted market is counted, and hides no other", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(BitMex.MarketData, (market) => market.markets)
      const left = Telemetry.unknownRows.pipe(
        Metric.tagged("exchange", "bitmex"),
        Metric.tagged("operation", "openOrders"),
        Metric.value
      )
      const { count } = yield* left
      const open = yield* Effect.flatMap(BitMex.Account, (account) => account.openOrders())
      assert.deepStrictEqual(open.map(({ id }) => id), ["order-1"])
      assert.strictEqual((yield* left).count - count, 1)
    }).pipe(Effect.provide(scripted([row(1), { ...row(2), symbol: "ELSEWHERE" }]))))

  it.effect("cancelAll fails with the reason of the order that is still open, whatever happened to the others", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.flatMap(BitMex.Trading, (trading) => trading.cancelAll("BTC/USDT:USDT"))
      )
      assert.strictEqual(error._tag, "OrderRejected")
      assert.include(error.message, "The engine is being moved")
    }).pipe(Effect.provide(scripted([
      { ...row(1), ordStatus: "Canceled" },
      { ...row(2), error: "Unable to cancel order due to existing state: Filled" },
      { ...row(3), error: "The engine is being moved" }
    ]))))

  it.effect("spot fees are in the received currency, also in a unit that has to be requested", () =>
    simulated(Effect.gen(function*() {
      const account = yield* BitMex.Account
      yield* place({ type: "market", symbol: "XRP/USDT", side: "buy", amount: "100" })
      const [fill] = yield* account.fills("XRP/USDT")
      assert.deepStrictEqual([fill?.feeAsset, text(fill?.fee)], ["XRP", "0.050000"])
      const xrp = (yield* account.balances).find(({ asset }) => asset === "XRP")
      assert.strictEqual(text(xrp?.total), "99.950000")
    })))
})

describe("layers", () => {
  it.effect("provide the same service under both tags, and need `trading: \"enabled\"` for a live environment", () =>
    simulated(Effect.gen(function*() {
      assert.strictEqual<Partial<Context.Tag.Service<typeof Trading.Trading>>>(
        yield* BitMex.Trading,
        yield* Trading.Trading
      )
      // @ts-expect-error live trading is not enabled
      Layer.provide(BitMex.layer({ environment: "live" }), OrderJournal.layerNone)
      // @ts-expect-error BitMEX accepts only one order per request
      assert.isDefined((yield* BitMex.Trading).placeBatch)
      const { placeBatch } = yield* Trading.Trading
      assert.strictEqual((yield* Effect.flip(placeBatch([resting])))._tag, "Unsupported")
    })))

  for (const environment of ["live", "testnet"] as const) {
    it.effect(`fail with ExchangeClosed in ${environment}`, () =>
      Effect.gen(function*() {
        const trading = yield* BitMex.Trading
        for (
          const error of [
            yield* Effect.flip(trading.place(resting)),
            yield* Effect.flip(trading.cancelAll(resting.symbol))
          ]
        ) assert.strictEqual(error._tag, "ExchangeClosed")
        assert.deepStrictEqual(yield* requestLog, [])
      }).pipe(Effect.provide(Layer.provideMerge(
        Layer.provide(
          BitMex.layer({ environment, trading: "enabled", credentials: Simulator.credentials("bitmex") }),
          OrderJournal.layerNone
        ),
        Simulator.layer("bitmex")
      ))))
  }
})
