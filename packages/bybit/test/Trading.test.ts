import { Decimal, type ExchangeError, Order, type Trading as CoreTrading } from "@effect-exchange/core"
import { Faults } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, Schema, TestClock } from "effect"
import { Bybit } from "../src/index.js"
import { count, elapsing, openIntents, page, posts, scripted, simulated } from "./support.js"
import { envelope, error, json, now, simulator } from "./utils.js"

const setPrice = (market: string, last: string) => Effect.flatMap(simulator, ({ setPrice }) => setPrice(market, last))

const text = (decimal: BigDecimal.BigDecimal | undefined) =>
  decimal === undefined ? undefined : Decimal.format(BigDecimal.normalize(decimal))

const printed = (order: Order.Order) => Schema.encodeSync(Order.Order)(order)

const isEqual = (self: BigDecimal.BigDecimal | undefined, that: string) =>
  assert.strictEqual(text(self), text(Decimal.make(that)))

const limit: Order.LimitRequest = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.001",
  price: "30000",
  clientOrderId: "mine-1"
}

describe("place", () => {
  for (
    const [symbol, amount] of [["BTC/USDT", "0.001"], ["BTC/USDT:USDT", "0.002"], ["BTC/USD:BTC", "150"]] as const
  ) {
    it.effect(`leaves a limit order on ${symbol} open, found by both of its ids, until it is canceled`, () =>
      simulated(Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        const account = yield* Bybit.Account
        const order = yield* trading.place({ ...limit, symbol, amount })
        assert.strictEqual<string>(order.symbol, symbol)
        assert.deepInclude(order, { status: "open", side: "buy", type: "limit", clientOrderId: "mine-1" })
        isEqual(order.amount, amount)
        isEqual(order.price, "30000")
        isEqual(order.filled, "0")
        assert.deepStrictEqual(printed(yield* account.order({ symbol, id: order.id })), printed(order))
        assert.deepStrictEqual(printed(yield* account.order({ symbol, clientOrderId: "mine-1" })), printed(order))
        assert.deepStrictEqual((yield* account.openOrders()).map(printed), [printed(order)])
        assert.deepStrictEqual((yield* account.openOrders(symbol)).map(printed), [printed(order)])
        const canceled = yield* trading.cancel({ symbol, id: order.id })
        assert.deepInclude(canceled, { id: order.id, status: "canceled" })
        assert.deepStrictEqual(yield* account.openOrders(symbol), [])
        assert.deepStrictEqual((yield* account.orderHistory(symbol)).map(({ status }) => status), ["canceled"])
        assert.deepStrictEqual(yield* openIntents, [])
        // Canceling an ended order is not an error.
        assert.strictEqual((yield* trading.cancel({ symbol, clientOrderId: "mine-1" })).status, "canceled")
      })))
  }

  it.effect("fills a market order on spot in the base coin, for both sides", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const account = yield* Bybit.Account
      for (const side of ["buy", "sell"] as const) {
        const order = yield* trading.place({ type: "market", symbol: "BTC/USDT", side, amount: "0.01" })
        assert.deepInclude(order, { status: "filled", type: "market", side })
        isEqual(order.filled, "0.01")
        isEqual(order.amount, "0.01")
        assert.isDefined(order.averagePrice)
        assert.isUndefined(order.price)
      }
      const fills = yield* account.fills("BTC/USDT")
      const sum = (side: string) =>
        fills.filter((fill) => fill.side === side).map(({ amount }) => amount).reduce(BigDecimal.sum)
      isEqual(sum("buy"), "0.01")
      isEqual(sum("sell"), "0.01")
      for (const { fee, feeAsset, liquidity, side } of fills) {
        assert.isTrue(fee !== undefined && BigDecimal.isPositive(fee))
        assert.strictEqual(feeAsset, side === "buy" ? "BTC" : "USDT")
        assert.strictEqual(liquidity, "taker")
      }
    })))

  it.effect("opens a position with an order on contracts, and closes it with a reduce-only one", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const account = yield* Bybit.Account
      yield* trading.place({ type: "market", symbol: "BTC/USDT:USDT", side: "sell", amount: "0.01" })
      yield* trading.place({ type: "market", symbol: "BTC/USD:BTC", side: "buy", amount: "500" })
      const positions = yield* account.positions
      assert.deepStrictEqual(
        positions.map(({ amount, side, symbol }) => `${symbol} ${side} ${text(amount)}`).toSorted(),
        ["BTC/USD:BTC long 500", "BTC/USDT:USDT short 0.01"]
      )
      const close = { type: "market", symbol: "BTC/USDT:USDT", side: "buy", reduceOnly: true } as const
      const closed = yield* trading.place({ ...close, amount: "0.01" })
      assert.deepInclude(closed, { status: "filled", reduceOnly: true })
      assert.deepStrictEqual((yield* account.positions).map(({ symbol }) => `${symbol}`), ["BTC/USD:BTC"])
      assert.strictEqual((yield* account.fills("BTC/USD:BTC"))[0]?.feeAsset, "BTC")
    })))

  it.effect("rejects or cancels a post-only order that would trade", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const account = yield* Bybit.Account
      const crossing = { ...limit, price: "70000", amount: "0.002", postOnly: true } as const
      // On spot, the response is a refusal.
      assert.strictEqual((yield* Effect.flip(trading.place(crossing)))._tag, "OrderRejected")
      // Contracts take the order and cancel it.
      const canceled = yield* trading.place({ ...crossing, symbol: "BTC/USDT:USDT", clientOrderId: "mine-2" })
      assert.deepInclude(canceled, { status: "canceled", postOnly: true, timeInForce: "GTC" })
      const resting = yield* trading.place({ ...crossing, price: "30000", clientOrderId: "mine-3" })
      assert.deepInclude(resting, { status: "open", postOnly: true })
      for (const symbol of ["BTC/USDT", "BTC/USDT:USDT"]) assert.deepStrictEqual(yield* account.fills(symbol), [])
      assert.deepStrictEqual(yield* openIntents, [])
    })))

  it.effect("fills an order in part, which can still be canceled", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const account = yield* Bybit.Account
      const market = yield* Bybit.MarketData
      const symbol = "ETH/USDT:USDT"
      const best = (yield* market.orderBook(symbol, { depth: 1 })).asks[0]
      assert(best !== undefined)
      const amount = BigDecimal.sum(best.amount, Decimal.make("0.5"))
      const order = yield* trading.place({ ...limit, symbol, amount, price: best.price })
      assert.strictEqual(order.status, "open")
      isEqual(order.filled, Decimal.format(best.amount))
      isEqual(order.averagePrice, Decimal.format(best.price))
      const canceled = yield* trading.cancel({ symbol, clientOrderId: "mine-1" })
      assert.strictEqual(canceled.status, "canceled")
      isEqual(canceled.filled, Decimal.format(best.amount))
      const fills = yield* account.fills(symbol)
      assert.deepStrictEqual(fills.map(({ clientOrderId, orderId }) => [clientOrderId, orderId]), [
        ["mine-1", order.id]
      ])
    })))

  it.effect("cancels what an IOC or FOK order cannot fill immediately", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const account = yield* Bybit.Account
      for (const timeInForce of ["IOC", "FOK"] as const) {
        const symbol = "BTC/USDT:USDT"
        const order = yield* trading.place({ ...limit, symbol, clientOrderId: timeInForce, timeInForce })
        assert.deepInclude(order, { status: "canceled", timeInForce })
      }
      assert.deepStrictEqual(yield* account.openOrders(), [])
    })))

  it.effect("fills an open order when the price reaches it", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      yield* setPrice("spot/BTCUSDT", "64000")
      const order = yield* trading.place({ ...limit, price: "63000" })
      assert.strictEqual(order.status, "open")
      yield* setPrice("spot/BTCUSDT", "62000")
      yield* TestClock.adjust("1 second")
      const filled = yield* Effect.flatMap(Bybit.Account, (account) =>
        account.order({ symbol: "BTC/USDT", id: order.id }))
      assert.strictEqual(filled.status, "filled")
      isEqual(filled.averagePrice, "63000")
    })))

  it.effect("accepts an amount and a price with trailing zeros", () =>
    simulated(Effect.gen(function*() {
      const order = yield* Effect.flatMap(Bybit.Trading, (trading) =>
        trading.place({ ...limit, amount: "0.0010000000", price: "30000.0000" }))
      assert.strictEqual(order.status, "open")
    })))

  const refused: ReadonlyArray<
    readonly [title: string, request: Order.Request, tag: ExchangeError.ExchangeError["_tag"], sent: number]
  > = [
    ["the account cannot pay for", { ...limit, amount: "50" }, "InsufficientFunds", 1],
    ["with a price off the tick size", { ...limit, price: "30000.01" }, "InvalidRequest", 0],
    ["with an amount off the lot size", { ...limit, amount: "0.0000015" }, "InvalidRequest", 0],
    ["below the minimum notional", { ...limit, amount: "0.000001" }, "InvalidRequest", 0],
    ["with an invalid client order id", { ...limit, clientOrderId: "mine.1" }, "InvalidRequest", 0],
    ["on an unlisted market", { ...limit, symbol: "XRP/USDT:USDT" }, "SymbolNotFound", 0],
    ["that is reduce-only on spot", { ...limit, reduceOnly: true }, "Unsupported", 0]
  ]

  for (const [title, request, tag, sent] of refused) {
    it.effect(`an order ${title} fails with ${tag}`, () =>
      simulated(Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Bybit.Trading, (trading) => trading.place(request)))
        assert.strictEqual(error._tag, tag)
        assert.strictEqual((yield* posts).length, sent)
        assert.deepStrictEqual(yield* openIntents, [])
      })))
  }

  it.effect("fails with DuplicateOrder for a client order id used before, also after that order has ended", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const order = yield* trading.place(limit)
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "DuplicateOrder")
      yield* trading.cancel({ symbol: "BTC/USDT", id: order.id })
      assert.strictEqual((yield* Effect.flip(trading.place(limit)))._tag, "DuplicateOrder")
    })))

  it.effect("fails with PermissionDenied for a read-only key", () =>
    simulated(
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Bybit.Trading, (trading) => trading.place(limit)))
        assert.strictEqual(error._tag, "PermissionDenied")
        assert.strictEqual(error.code, "10005")
      }),
      {},
      "read"
    ))
})

describe("cancel", () => {
  const conditional = (stopOrderType: string, orderStatus: string) => ({
    orderId: "1",
    orderLinkId: "",
    symbol: "BTCUSDT",
    side: "Sell",
    orderType: "Limit",
    stopOrderType,
    orderStatus,
    price: "60000",
    qty: "1",
    cumExecQty: "0",
    createdTime: String(now - 1000)
  })

  for (const [stopOrderType, kind] of [["Stop", "StopOrder"], ["tpslOrder", "tpslOrder"]] as const) {
    it.effect(`cancels a conditional order on spot, ${stopOrderType}, by its kind`, () =>
      Effect.gen(function*() {
        const order = yield* Effect.flatMap(Bybit.Trading, (trading) => trading.cancel({ symbol: "BTC/USDT", id: "1" }))
        assert.strictEqual(order.status, "canceled")
      }).pipe(Effect.provide(scripted((() => {
        let status = "Untriggered"
        return ({ body, path }) => {
          if (path === "/v5/order/realtime") return page([conditional(stopOrderType, status)])
          assert.strictEqual(path, "/v5/order/cancel")
          if (body["orderFilter"] !== kind) return json(error(170213, "Order does not exist."))
          status = "Deactivated"
          return envelope({ orderId: "1", orderLinkId: "" })
        }
      })()))))
  }

  it.effect("does not report an order as not found if the kind of a conditional order cannot be looked up", () =>
    Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const failed = yield* Effect.flip(trading.cancel({ symbol: "BTC/USDT", id: "1" }))
      assert.strictEqual(failed._tag, "OutcomeUnknown")
    }).pipe(
      Effect.provide(
        scripted(({ path }) =>
          path === "/v5/order/cancel"
            ? json(error(170213, "Order does not exist."))
            : json(error(10016, "Server error."))
        )
      )
    ))

  it.effect("fails with OrderNotFound for an order that does not exist on spot", () =>
    Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const { requests } = yield* ScriptedHttp.ScriptedHttp
      const failed = yield* Effect.flip(trading.cancel({ symbol: "BTC/USDT", id: "1" }))
      assert.strictEqual(failed._tag, "OrderNotFound")
      const sent = (yield* requests).filter(({ url }) => url.endsWith("/v5/order/cancel"))
      assert.strictEqual(sent.length, 1)
    }).pipe(Effect.provide(scripted(({ path }) =>
      path === "/v5/order/cancel" ? json(error(170213, "Order does not exist.")) : page([])
    ))))
})

describe("cancelAll", () => {
  it.effect("cancels the orders of one market only, also beside a market with the same id", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const placed = yield* Effect.forEach(
        ["BTC/USDT", "BTC/USDT", "BTC/USDT:USDT", "ETH/USDT"],
        (symbol, index) =>
          trading.place({
            ...limit,
            symbol,
            amount: "0.01",
            price: symbol === "ETH/USDT" ? "1000" : "30000",
            clientOrderId: `all-${index}`
          })
      )
      const canceled = yield* trading.cancelAll("BTC/USDT")
      assert.deepStrictEqual(canceled.toSorted(), placed.slice(0, 2).map(({ id }) => id).toSorted())
      const open = yield* Effect.flatMap(Bybit.Account, (account) => account.openOrders())
      assert.deepStrictEqual(open.map(({ symbol }) => `${symbol}`).toSorted(), ["BTC/USDT:USDT", "ETH/USDT"])
      assert.deepStrictEqual(yield* trading.cancelAll("BTC/USDT"), [])
    })))

  const many = Array.from({ length: 503 }, (_, index) => ({ orderId: `id-${index}`, orderLinkId: "" }))

  it.effect("repeats the request while the exchange cancels its maximum of 500 orders", () =>
    Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const ids = yield* trading.cancelAll("BTC/USDT:USDT")
      assert.deepStrictEqual(ids, many.map(({ orderId }) => orderId))
    }).pipe(Effect.provide(scripted((() => {
      let left = many
      return ({ path }) => {
        assert.strictEqual(path, "/v5/order/cancel-all")
        const list = left.slice(0, 500)
        left = left.slice(500)
        return envelope({ list, success: "1" })
      }
    })()))))

  it.effect("cancels orders of every kind on spot, except a kind that the site does not have", () =>
    Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const canceled = ["plain", "stop", "tpsl"]
      assert.deepStrictEqual((yield* trading.cancelAll("BTC/USDT")).toSorted(), canceled)
      assert.deepStrictEqual(yield* trading.cancelAll("BTC/USDT:USDT"), ["contract"])
    }).pipe(Effect.provide(scripted(({ body }) => {
      // Without a kind, a request cancels the plain orders on spot, and all orders of contracts.
      const canceled: { readonly [kind: string]: string } = { Order: "plain", StopOrder: "stop", tpslOrder: "tpsl" }
      const { category, orderFilter: kind = "Order" } = body
      if (category === "linear") return envelope({ list: [{ orderId: "contract", orderLinkId: "" }], success: "1" })
      if (kind === "OcoOrder") return json(error(170202, "Invalid orderFilter parameter."))
      const id = canceled[String(kind)]
      return envelope({ list: id === undefined ? [] : [{ orderId: id, orderLinkId: "" }], success: "1" })
    }))))

  it.effect("fails with OrderRejected for a response without success", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Bybit.Trading, (trading) => trading.cancelAll("BTC/USDT")))
      assert.strictEqual(error._tag, "OrderRejected")
    }).pipe(Effect.provide(scripted(() => envelope({ list: [], success: "0" })))))
})

describe("amend", () => {
  it.effect("changes price and amount of an open order, which keeps its ids", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      for (const [index, symbol] of ["BTC/USDT", "BTC/USDT:USDT"].entries()) {
        const order = yield* trading.place({ ...limit, symbol, clientOrderId: `amend-${index}` })
        const first = yield* trading.amend({ symbol, id: order.id }, { price: "31000.00" })
        const second = yield* trading.amend({ symbol, clientOrderId: `amend-${index}` }, { amount: "0.002" })
        assert.deepInclude(second, { id: order.id, clientOrderId: `amend-${index}`, status: "open" })
        isEqual(first.price, "31000")
        isEqual(second.price, "31000")
        isEqual(second.amount, "0.002")
      }
    })))

  it.effect("is refused for an order that has ended", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const order = yield* trading.place(limit)
      yield* trading.cancel({ symbol: "BTC/USDT", id: order.id })
      const error = yield* Effect.flip(trading.amend({ symbol: "BTC/USDT", id: order.id }, { price: "31000" }))
      assert.strictEqual(error._tag, "OrderRejected")
      assert.strictEqual(yield* count("/v5/order/amend"), 0)
    })))
})

describe("placeBatch", () => {
  const outcomes = (results: Effect.Effect.Success<ReturnType<CoreTrading.Trading.Service["placeBatch"]>>) =>
    results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ status }) => status }))

  for (const symbol of ["BTC/USDT", "BTC/USDT:USDT"]) {
    it.effect(`returns an outcome for each order on ${symbol}`, () =>
      simulated(Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        yield* trading.place({ ...limit, symbol })
        const results = yield* trading.placeBatch([
          { ...limit, symbol, clientOrderId: "mine-4" },
          { ...limit, symbol, amount: "80", clientOrderId: "mine-2" },
          { ...limit, symbol, price: "30000.01", clientOrderId: "mine-3" },
          { ...limit, symbol, clientOrderId: "mine-1" },
          { ...limit, symbol, clientOrderId: "mine-5" }
        ])
        assert.deepStrictEqual(outcomes(results), [
          "open",
          "InsufficientFunds",
          "InvalidRequest",
          "DuplicateOrder",
          "open"
        ])
        const open = yield* Effect.flatMap(Bybit.Account, (account) => account.openOrders(symbol))
        assert.deepStrictEqual(open.map(({ clientOrderId }) => clientOrderId).toSorted(), [
          "mine-1",
          "mine-4",
          "mine-5"
        ])
        assert.deepStrictEqual(yield* posts, ["POST /v5/order/create 200", "POST /v5/order/create-batch 200"])
      })))
  }

  it.effect("splits more than ten orders into several requests", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Bybit.Trading
      const results = yield* elapsing(trading.placeBatch(
        Array.from({ length: 23 }, (_, index) => ({ ...limit, clientOrderId: `batch-${index}` }))
      ))
      assert.isTrue(results.every(Either.isRight))
      assert.strictEqual(yield* count("/v5/order/create-batch"), 3)
    })))

  it.effect("looks each order up if the response is lost", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        const results = yield* elapsing(trading.placeBatch([limit, { ...limit, clientOrderId: "mine-2" }]))
        assert.deepStrictEqual(outcomes(results), ["open", "open"])
        assert.strictEqual(yield* count("/v5/order/create-batch"), 1)
      }),
      { routes: [{ path: "/v5/order/create-batch", faults: Faults.make({ reset: 1 }) }] }
    ))

  it.effect("looks an order up if the response does not mention it", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const trading = yield* Bybit.Trading
      const results = yield* elapsing(trading.placeBatch([limit, { ...limit, clientOrderId: "mine-2" }]))
      // The first was refused with an unknown code, and the second is not mentioned. Neither is found.
      assert.deepStrictEqual(outcomes(results), ["NotPlaced", "NotPlaced"])
    }).pipe(Effect.provide(scripted(({ path }) =>
      path === "/v5/order/create-batch"
        ? {
          retCode: 0,
          result: { list: [{ orderId: "" }] },
          retExtInfo: { list: [{ code: 999_999, msg: "A code to come." }] }
        }
        : envelope({ list: [], nextPageCursor: "" })
    ))))
})
