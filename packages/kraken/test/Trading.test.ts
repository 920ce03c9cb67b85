import { Decimal, type Order, OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Clock, type Context, Effect, Either, Layer } from "effect"
import { Kraken } from "../src/index.js"
import { now, requestLog, simulator, timed } from "./utils.js"

const layers = (options: Partial<Exchange.TradingOptions<never>> = {}, simulated: Simulator.Options = {}) =>
  Kraken.layer({
    credentials: Simulator.credentials("kraken"),
    ...options,
    environment: Simulator.environment("kraken")
  }).pipe(Layer.provideMerge(Layer.merge(Simulator.layer("kraken", simulated), OrderJournal.layerMemory)))

/** Runs a program on a simulated Kraken. Bitcoin costs 60,000 dollars. */
const trading = <A, E>(
  body: (services: {
    readonly trading: Context.Tag.Service<typeof Kraken.Trading>
    readonly account: Context.Tag.Service<typeof Kraken.Account>
    readonly kraken: Simulator.Simulator
  }) => Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof layers>>>,
  options?: Partial<Exchange.TradingOptions<never>>,
  simulated?: Simulator.Options
) =>
  timed(
    Effect.gen(function*() {
      const kraken = yield* simulator
      yield* kraken.setPrice("BTC/USD", "60000")
      return yield* body({ trading: yield* Kraken.Trading, account: yield* Kraken.Account, kraken })
    }).pipe(Effect.provide(layers(options, simulated)))
  )

const bid: Order.Request = { type: "limit", symbol: "BTC/USD", side: "buy", amount: "0.01", price: "59000" }

interface Shown {
  readonly status: string
  readonly price: string | undefined
  readonly amount: string | undefined
  readonly filled: string
}

const shown = (order: Order.Order): Shown => ({
  status: order.status,
  price: order.price === undefined ? undefined : Decimal.format(order.price),
  amount: order.amount === undefined ? undefined : Decimal.format(order.amount),
  filled: Decimal.format(order.filled)
})

const openBid: Shown = { status: "open", price: "59000.0", amount: "0.01000000", filled: "0.00000000" }

const place = "/0/private/AddOrder"
const faultsAt = (path: string, faults: Faults.Options): Faults.Faults =>
  Faults.make({ routes: [{ path, faults: Faults.make(faults) }] })

describe("place", () => {
  it.effect("leaves a limit order open, found by both of its ids", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place(bid)
        assert.deepStrictEqual(shown(order), openBid)
        assert.match(order.clientOrderId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.strictEqual(order.type, "limit")
        assert.strictEqual(order.timeInForce, "GTC")
        assert.isFalse(order.postOnly)
        assert.deepStrictEqual(yield* account.order({ symbol: "BTC/USD", id: order.id }), order)
        const clientOrderId = order.clientOrderId ?? ""
        assert.deepStrictEqual(yield* account.order({ symbol: "BTC/USD", clientOrderId }), order)
        assert.deepStrictEqual(yield* account.openOrders("BTC/USD"), [order])
        assert.deepStrictEqual(yield* account.openOrders(), [order])
        assert.deepStrictEqual(yield* account.openOrders("ETH/USDT"), [])
      })
    ))

  it.effect("fills a market order, whose fills are listed", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place({ type: "market", symbol: "BTC/USD", side: "buy", amount: "0.01" })
        assert.deepStrictEqual(shown(order), {
          status: "filled",
          price: undefined,
          amount: "0.01000000",
          filled: "0.01000000"
        })
        assert.isDefined(order.averagePrice)
        const fills = yield* account.fills("BTC/USD")
        assert.isAbove(fills.length, 0)
        assert.isTrue(fills.every(({ feeAsset, liquidity, orderId }) =>
          orderId === order.id && liquidity === "taker" && feeAsset === "USD"
        ))
        assert.deepStrictEqual(
          (yield* account.orderHistory("BTC/USD")).map(({ id }) =>
            id
          ),
          [order.id]
        )
        assert.deepStrictEqual(yield* account.orderHistory("ETH/USDT"), [])
        assert.deepStrictEqual(yield* account.fills("ETH/USDT"), [])
      })
    ))

  it.effect("leaves a post-only order open, and rejects one that would trade immediately", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place({ ...bid, postOnly: true })
        assert.deepStrictEqual(shown(order), openBid)
        assert.isTrue(order.postOnly)
        const error = yield* Effect.flip(trading.place({ ...bid, price: "61000", postOnly: true }))
        assert.strictEqual(error._tag, "OrderRejected")
        assert.include(error.message, "Post only order")
        assert.strictEqual((yield* account.openOrders()).length, 1)
      })
    ))

  it.effect("fills an IOC order in part and cancels the rest", () =>
    trading(
      ({ trading }) =>
        Effect.gen(function*() {
          // More than the simulator offers at its best prices.
          const order = yield* trading.place({ ...bid, amount: "90", price: "60010", timeInForce: "IOC" })
          assert.strictEqual(order.status, "canceled")
          assert.strictEqual(order.timeInForce, "IOC")
          const filled = Number(Decimal.format(order.filled))
          assert.isTrue(filled > 0 && filled < 90)
          assert.isDefined(order.averagePrice)
        }),
      {},
      { balances: largeBalances }
    ))

  it.effect("leaves the rest of a partly filled order open, which fills later", () =>
    trading(
      ({ account, trading }) =>
        Effect.gen(function*() {
          const order = yield* trading.place({ ...bid, amount: "90", price: "60010" })
          assert.strictEqual(order.status, "open")
          const filled = Number(Decimal.format(order.filled))
          assert.isTrue(filled > 0 && filled < 90)
          yield* Effect.sleep("10 seconds")
          const later = yield* account.order({ symbol: "BTC/USD", id: order.id })
          assert.strictEqual(later.status, "filled")
          const fills = yield* account.fills("BTC/USD", { limit: 1000 })
          assert.isTrue(fills.some(({ liquidity }) => liquidity === "maker"))
          assert.isTrue(BigDecimal.equals(BigDecimal.sumAll(fills.map(({ amount }) => amount)), Decimal.make("90")))
        }),
      {},
      { balances: largeBalances }
    ))

  it.effect("subtracts what an open order holds from the free balance", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const dollars = Effect.map(account.balances, (balances) => balances.find(({ asset }) => asset === "USD"))
        const before = yield* dollars
        yield* trading.place(bid)
        const after = yield* dollars
        assert(before !== undefined && after !== undefined)
        assert.isTrue(BigDecimal.equals(before.total, after.total))
        assert.isTrue(BigDecimal.lessThanOrEqualTo(after.free, BigDecimal.subtract(before.free, Decimal.make("590"))))
      })
    ))

  it.effect("fails with Unsupported or InvalidRequest before sending what Kraken's REST API does not support", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const before = (yield* requestLog).length
        const fok = yield* Effect.flip(trading.place({ ...bid, timeInForce: "FOK" }))
        assert.strictEqual(fok._tag, "Unsupported")
        const reduceOnly = yield* Effect.flip(trading.place({ ...bid, reduceOnly: true }))
        assert.strictEqual(reduceOnly._tag, "Unsupported")
        const name = yield* Effect.flip(trading.place({ ...bid, clientOrderId: "Not-Lower-Case" }))
        assert.strictEqual(name._tag, "InvalidRequest")
        assert.isFalse((yield* requestLog).slice(before).includes("AddOrder"))
      })
    ))

  it.effect("fails with InsufficientFunds if the account cannot pay for the order", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(trading.place({ ...bid, amount: "1000" }))
        assert.strictEqual(error._tag, "InsufficientFunds")
      })
    ))

  it.effect("fails with PermissionDenied for a read-only key", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(trading.place(bid))
        assert.strictEqual(error._tag, "PermissionDenied")
      }), { credentials: Simulator.credentials("kraken", "read") }))

  it.effect("fails with DuplicateOrder while an order with the same client order id is open", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const named: Order.Request = { ...bid, clientOrderId: "mine1" }
        const first = yield* trading.place(named)
        const error = yield* Effect.flip(trading.place(named))
        assert.strictEqual(error._tag, "DuplicateOrder")
        yield* trading.cancel({ symbol: "BTC/USD", clientOrderId: "mine1" })
        const second = yield* trading.place(named)
        assert.notStrictEqual(second.id, first.id)
      })
    ))
})

const largeBalances = [
  { asset: "BTC", free: Decimal.make("100"), locked: Decimal.make("0") },
  { asset: "USD", free: Decimal.make("10000000"), locked: Decimal.make("0") }
]

describe("lost response", () => {
  for (const fault of ["reset", "http500", "malformed"] as const) {
    it.effect(`(${fault}) to an order is resolved, and the order is sent once`, () =>
      trading(({ account, kraken, trading }) =>
        Effect.gen(function*() {
          yield* kraken.setFaults(faultsAt(place, { [fault]: 1 }))
          const order = yield* trading.place(bid)
          assert.deepStrictEqual(shown(order), openBid)
          yield* kraken.setFaults(Faults.none)
          assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [order.id])
          assert.deepStrictEqual((yield* requestLog).filter((name) => name.startsWith("AddOrder")), [
            `AddOrder ${fault}`
          ])
        })
      ))
  }

  it.effect("to an order that was filled meanwhile is resolved from the ended orders", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        yield* kraken.setFaults(faultsAt(place, { reset: 1 }))
        const order = yield* trading.place({ type: "market", symbol: "BTC/USD", side: "buy", amount: "0.01" })
        assert.strictEqual(order.status, "filled")
        assert.include(yield* requestLog, "ClosedOrders")
      })
    ))

  it.effect("to an order that is listed late is resolved", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        yield* kraken.setFaults(
          Faults.make({
            orderLag: "4 seconds",
            routes: [{ path: place, faults: Faults.make({ reset: 1, orderLag: "4 seconds" }) }]
          })
        )
        assert.deepStrictEqual(shown(yield* trading.place(bid)), openBid)
      })
    ))

  it.effect("to an order that never arrived fails with NotPlaced after its deadline", () =>
    trading(({ account, kraken, trading }) =>
      Effect.gen(function*() {
        yield* trading.place({ ...bid, amount: "0.02" })
        // The fault is from the proxy, and nothing was carried out, which the client cannot know.
        yield* kraken.setFaults(faultsAt(place, { http503: 1 }))
        const sent = yield* Clock.currentTimeMillis
        const error = yield* Effect.flip(trading.place(bid))
        assert.strictEqual(error._tag, "NotPlaced")
        assert.isAtLeast((yield* Clock.currentTimeMillis) - sent, 20_000)
        assert.strictEqual((yield* account.openOrders()).length, 1)
        assert.strictEqual((yield* requestLog).filter((name) => name === "AddOrder http503").length, 1)
      })
    ))

  it.effect("leaves no open intent in the journal", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        yield* kraken.setFaults(faultsAt(place, { reset: 1 }))
        yield* trading.place(bid)
        const journal = yield* OrderJournal.OrderJournal
        assert.deepStrictEqual(yield* journal.open, [])
      })
    ))
})

describe("cancel and amend", () => {
  it.effect("cancels an order by either id", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const first = yield* trading.place(bid)
        const canceled = yield* trading.cancel({ symbol: "BTC/USD", id: first.id })
        assert.deepStrictEqual(shown(canceled), { ...openBid, status: "canceled" })
        assert.isDefined(canceled.updatedAt)
        const second = yield* trading.place({ ...bid, clientOrderId: "second" })
        const other = yield* trading.cancel({ symbol: "BTC/USD", clientOrderId: "second" })
        assert.strictEqual(other.id, second.id)
        assert.strictEqual(other.status, "canceled")
      })
    ))

  it.effect("cancel returns a filled order as filled, and fails with OrderNotFound for one that does not exist", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place({ type: "market", symbol: "BTC/USD", side: "buy", amount: "0.01" })
        assert.strictEqual((yield* trading.cancel({ symbol: "BTC/USD", id: order.id })).status, "filled")
        const never = yield* Effect.flip(trading.cancel({ symbol: "BTC/USD", clientOrderId: "never" }))
        assert.strictEqual(never._tag, "OrderNotFound")
        const elsewhere = yield* Effect.flip(trading.cancel({ symbol: "ETH/USDT", id: "OABCDE-FGHIJ-KLMNOP" }))
        assert.strictEqual(elsewhere._tag, "OrderNotFound")
      })
    ))

  it.effect("cancelAll cancels the orders of one market only", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const orders = yield* Effect.forEach(["59000", "58000"], (price) => trading.place({ ...bid, price }))
        const other = yield* trading.place({ ...bid, symbol: "XRP/USD", amount: "10", price: "0.5" })
        const canceled = yield* trading.cancelAll("BTC/USD")
        assert.deepStrictEqual(new Set(canceled), new Set(orders.map(({ id }) => id)))
        assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [other.id])
        assert.deepStrictEqual(yield* trading.cancelAll("BTC/USD"), [])
      })
    ))

  it.effect("cancelAll is retried if its response is lost, and returns the canceled order", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place(bid)
        const path = "/0/private/CancelOrderBatch"
        const start = yield* Clock.currentTimeMillis
        yield* kraken.setFaults(Faults.make({
          phases: [{ from: 0, to: start - now + 1, faults: faultsAt(path, { reset: 1 }) }]
        }))
        assert.deepStrictEqual(yield* trading.cancelAll("BTC/USD"), [order.id])
        const batches = (yield* requestLog).filter((name) => name.startsWith("CancelOrderBatch"))
        assert.include(batches, "CancelOrderBatch reset")
        assert.include(batches, "CancelOrderBatch")
      })
    ))

  it.effect("amend changes price and amount, and keeps the id", () =>
    trading(({ trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place(bid)
        const amended = yield* trading.amend({ symbol: "BTC/USD", id: order.id }, { price: "58000", amount: "0.02" })
        assert.strictEqual(amended.id, order.id)
        assert.deepStrictEqual(shown(amended), { ...openBid, price: "58000.0", amount: "0.02000000" })
        yield* trading.cancel({ symbol: "BTC/USD", id: order.id })
        const ended = yield* Effect.flip(trading.amend({ symbol: "BTC/USD", id: order.id }, { price: "57000" }))
        assert.strictEqual(ended._tag, "OrderRejected")
      })
    ))

  it.effect("amend is resolved if its response is lost", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        const order = yield* trading.place(bid)
        yield* kraken.setFaults(faultsAt("/0/private/AmendOrder", { reset: 1 }))
        const amended = yield* trading.amend({ symbol: "BTC/USD", id: order.id }, { price: "58000" })
        assert.strictEqual(shown(amended).price, "58000.0")
      })
    ))
})

describe("batch", () => {
  it.effect("sends several orders in one request, and returns an outcome for each", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const results = yield* trading.placeBatch([
          bid,
          { ...bid, price: "61000", postOnly: true },
          { ...bid, price: "58000.05" },
          { ...bid, price: "58000" }
        ])
        assert.deepStrictEqual(
          results.map(Either.match({ onLeft: ({ _tag }): string => _tag, onRight: ({ status }): string => status })),
          ["open", "OrderRejected", "InvalidRequest", "open"]
        )
        assert.strictEqual((yield* account.openOrders()).length, 2)
        assert.deepStrictEqual((yield* requestLog).filter((name) => name.startsWith("AddOrder")), ["AddOrderBatch"])
      })
    ))

  it.effect("sends a single order with AddOrder, and sixteen in two requests", () =>
    trading(({ account, trading }) =>
      Effect.gen(function*() {
        const one = yield* trading.placeBatch([bid])
        assert.isTrue(one.every(Either.isRight))
        const sixteen = Array.from(
          { length: 16 },
          (_, index): Order.Request => ({ ...bid, price: `${50_000 + index}` })
        )
        assert.isTrue((yield* trading.placeBatch(sixteen)).every(Either.isRight))
        assert.strictEqual((yield* account.openOrders()).length, 17)
        assert.deepStrictEqual(
          (yield* requestLog).filter((name) => name.startsWith("AddOrder")),
          ["AddOrder", "AddOrderBatch", "AddOrder"]
        )
      })
    ))

  it.effect("looks each order up if the response is lost", () =>
    trading(({ kraken, trading }) =>
      Effect.gen(function*() {
        yield* kraken.setFaults(faultsAt("/0/private/AddOrderBatch", { reset: 1 }))
        const results = yield* trading.placeBatch([bid, { ...bid, price: "58000" }])
        assert.isTrue(results.every(Either.isRight))
      })
    ))
})
