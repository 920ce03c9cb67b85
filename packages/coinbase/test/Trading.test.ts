import { Decimal, type Order, OrderJournal, Trading } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Clock, DateTime, Effect, Either, Fiber, Layer, Logger, LogLevel, TestClock } from "effect"
import { Coinbase, CoinbaseEndpoints } from "../src/index.js"
import { atNow, emptyListing, fixture, listing, now, plain, requestLog, simulator } from "./utils.js"

const environment = Simulator.environment("coinbase")
const credentials = Simulator.credentials("coinbase")

type Services = Layer.Layer.Success<ReturnType<typeof Coinbase.layer>> | Simulator.Simulators

const layer = (simulated: Simulator.Options = {}, options: Partial<Exchange.AccountOptions<never>> = {}) =>
  Layer.provide(Coinbase.layer({ credentials, ...options, environment }), OrderJournal.layerNone).pipe(
    Layer.provideMerge(Simulator.layer("coinbase", simulated))
  )

const simulated = <A, E>(
  effect: Effect.Effect<A, E, Services>,
  options?: Simulator.Options,
  client?: Partial<Exchange.AccountOptions<never>>
) => atNow(Effect.provide(effect, layer(options, client))).pipe(Logger.withMinimumLogLevel(LogLevel.None))

/** Faults of the requests that place orders, and of no others. */
const placing = (faults: Faults.Options) =>
  Faults.make({
    routes: [
      { path: "/api/v3/brokerage/orders/batch_cancel", faults: Faults.none },
      { path: "/api/v3/brokerage/orders", method: "POST", faults: Faults.make(faults) }
    ]
  })

const far: Order.LimitRequest = { type: "limit", symbol: "BTC/USD", side: "buy", amount: "0.002", price: "30000" }

/** A listing with one order, which is the one that `far` places, created now. */
const openListing = listing({
  created_time: DateTime.formatIso(DateTime.unsafeMake(now)),
  order_configuration: { limit_limit_gtc: { base_size: "0.002", limit_price: "30000", post_only: false } }
})

const setPrice = (last: string) => Effect.flatMap(simulator, ({ setPrice }) => setPrice("BTC-USD", last))

const summary = ({ amount, filled, status }: Order.Order) =>
  `${status} ${Decimal.format(filled)} of ${amount === undefined ? "?" : Decimal.format(amount)}`

const posts = Effect.map(requestLog, (lines) => lines.filter((line) => line.startsWith("POST /orders ")))

describe("place", () => {
  it.effect("leaves a limit order open, found by both of its ids, among open orders and in the history", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const account = yield* Coinbase.Account
      const order = yield* trading.place(far)
      assert.deepStrictEqual(plain({ ...order, id: "", clientOrderId: "" }), {
        exchange: "coinbase",
        symbol: "BTC/USD",
        id: "",
        clientOrderId: "",
        side: "buy",
        type: "limit",
        status: "open",
        price: "30000",
        amount: "0.002",
        filled: "0",
        timeInForce: "GTC",
        postOnly: false,
        createdAt: now
      })
      const { clientOrderId = "", id } = order
      assert.match(clientOrderId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assertEquals((yield* account.order({ symbol: "BTC/USD", id })).id, id)
      assertEquals((yield* account.order({ symbol: "BTC/USD", clientOrderId })).id, id)
      assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [id])
      assert.deepStrictEqual((yield* account.openOrders("BTC/USD")).map(({ id }) => id), [id])
      assert.deepStrictEqual(yield* account.openOrders("ETH/USD"), [])
      assert.deepStrictEqual((yield* account.orderHistory("BTC/USD")).map(({ id }) => id), [id])
      const unknown = yield* Effect.flip(account.order({ symbol: "BTC/USD", clientOrderId: "never-used" }))
      assert.strictEqual(unknown._tag, "OrderNotFound")
      const nowhere = yield* Effect.flip(account.order({ symbol: "BTC/USD", id: "never-given" }))
      assert.strictEqual(nowhere._tag, "OrderNotFound")
    })))

  it.effect("fills a market order, with its fills in the quote currency", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const account = yield* Coinbase.Account
      yield* setPrice("64000")
      const order = yield* trading.place({ type: "market", symbol: "BTC/USD", side: "sell", amount: "0.01" })
      assert.strictEqual(summary(order), "filled 0.01 of 0.01")
      assert.isDefined(order.averagePrice)
      const fills = yield* account.fills("BTC/USD")
      assert.isAbove(fills.length, 0)
      for (const fill of fills) {
        assert.deepStrictEqual([fill.orderId, fill.side, fill.feeAsset, fill.liquidity], [
          order.id,
          "sell",
          "USD",
          "taker"
        ])
      }
    })))

  it.effect("rejects a post-only order that would take liquidity", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      yield* setPrice("64000")
      const error = yield* Effect.flip(trading.place({ ...far, price: "65000", postOnly: true }))
      assert.deepStrictEqual([error._tag, "code" in error ? error.code : ""], [
        "OrderRejected",
        "PREVIEW_INVALID_LIMIT_PRICE_POSTONLY"
      ])
      assert.deepStrictEqual(yield* Effect.flatMap(Coinbase.Account, (account) => account.orderHistory("BTC/USD")), [])
      assert.strictEqual((yield* trading.place({ ...far, postOnly: true })).postOnly, true)
    })))

  it.effect("cancels what an IOC or FOK order cannot fill immediately", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      yield* setPrice("64000")
      const { asks } = yield* Effect.flatMap(Coinbase.MarketData, (market) => market.orderBook("BTC/USD", { depth: 1 }))
      const price = asks[0]?.price ?? ""
      const tenth = { ...far, side: "buy", amount: "0.3", price } as const
      const available = asks[0]?.amount
      assert(available !== undefined)
      const ioc = yield* trading.place({ ...tenth, timeInForce: "IOC" })
      const fok = yield* trading.place({ ...tenth, timeInForce: "FOK", price: "30000" })
      assert.deepStrictEqual([ioc.timeInForce, summary(ioc)], ["IOC", `canceled ${Decimal.format(available)} of 0.3`])
      assert.deepStrictEqual([fok.timeInForce, summary(fok)], ["FOK", "canceled 0 of 0.3"])
    })))

  it.effect("fails with InsufficientFunds if the account cannot pay for the order", () =>
    simulated(Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.flatMap(Coinbase.Trading, (trading) => trading.place({ ...far, amount: "100" }))
      )
      assert.strictEqual(error._tag, "InsufficientFunds")
    })))

  it.effect("fails with PermissionDenied for a read-only key", () =>
    simulated(
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Coinbase.Trading, (trading) => trading.place(far)))
        assert.strictEqual(error._tag, "PermissionDenied")
      }),
      {},
      { credentials: Simulator.credentials("coinbase", "read") }
    ))

  it.effect("fails with DuplicateOrder for a client order id of a different order", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const first = yield* trading.place({ ...far, clientOrderId: "mine-1" })
      const error = yield* Effect.flip(trading.place({ ...far, price: "31000", clientOrderId: "mine-1" }))
      assert.strictEqual(error._tag, "DuplicateOrder")
      assert.include(error.message, first.id)
      assert.strictEqual((yield* trading.place({ ...far, clientOrderId: "mine-1" })).id, first.id)
      const open = yield* Effect.flatMap(Coinbase.Account, (account) => account.openOrders())
      assert.deepStrictEqual(open.map(({ id }) => id), [first.id])
    })))
})

describe("lost response", () => {
  it.effect("is retried, and the order exists once", () =>
    simulated(
      Effect.gen(function*() {
        const order = yield* Effect.flatMap(Coinbase.Trading, (trading) => trading.place(far))
        assert.strictEqual(summary(order), "open 0 of 0.002")
        const sent = yield* posts
        assert.isAbove(sent.length, 1)
        assert.strictEqual(sent.at(-1), "POST /orders 200")
        assert.strictEqual((yield* Effect.flatMap(Coinbase.Account, (account) => account.openOrders())).length, 1)
      }),
      { faults: Faults.make({ phases: [{ from: 0, to: "10 millis", faults: placing({ reset: 1 }) }] }) },
      { retry: { attempts: 10 } }
    ))

  it.effect("is resolved by looking the order up if every attempt fails", () =>
    simulated(
      Effect.gen(function*() {
        const order = yield* Effect.flatMap(Coinbase.Trading, (trading) => trading.place(far))
        assert.strictEqual(summary(order), "open 0 of 0.002")
        assert.deepStrictEqual(yield* posts, [
          "POST /orders - reset",
          "POST /orders - reset",
          "POST /orders - reset"
        ])
        assert.strictEqual((yield* Effect.flatMap(Coinbase.Account, (account) => account.openOrders())).length, 1)
      }),
      { faults: placing({ reset: 1 }) }
    ))

  it.effect("is resolved although the local clock is a day ahead", () =>
    simulated(
      Effect.gen(function*() {
        const order = yield* Effect.flatMap(Coinbase.Trading, (trading) => trading.place(far))
        assert.strictEqual(summary(order), "open 0 of 0.002")
        assert.strictEqual(order.createdAt, now - 86_400_000)
      }),
      {
        faults: Faults.make({
          clockSkew: { behind: "1 day" },
          routes: [{
            path: "/api/v3/brokerage/orders",
            method: "POST",
            faults: Faults.make({ reset: 1, clockSkew: { behind: "1 day" } })
          }]
        })
      }
    ))

  it.effect("to a market order is resolved within seconds, although the local clock is three hours behind", () => {
    const ahead: Faults.Options = { clockSkew: { ahead: "3 hours" } }
    return simulated(
      Effect.gen(function*() {
        const trading = yield* Coinbase.Trading
        const started = yield* Clock.currentTimeMillis
        const order = yield* trading.place({ type: "market", symbol: "BTC/USD", side: "buy", amount: "0.002" })
        assert.strictEqual(summary(order), "filled 0.002 of 0.002")
        assert.isBelow((yield* Clock.currentTimeMillis) - started, 10_000)
      }),
      {
        faults: Faults.make({
          ...ahead,
          routes: [{ path: "/api/v3/brokerage/orders", method: "POST", faults: Faults.make({ ...ahead, reset: 1 }) }]
        })
      }
    )
  })

  it.effect("replaced by one about another order is resolved by looking the order up", () =>
    Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const order = yield* trading.place({ ...far, clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876" })
      assert.strictEqual(order.id, "0a1b2c3d-0000-4000-8000-000000000001")
    }).pipe(
      atNow,
      Effect.provide(Layer.provide(
        Layer.provide(
          Coinbase.layer({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials }),
          OrderJournal.layerNone
        ),
        ScriptedHttp.layer([
          ScriptedHttp.text(fixture("products")),
          ScriptedHttp.text(JSON.stringify({
            success: true,
            success_response: { order_id: "0a1b2c3d-0000-4000-8000-000000000099", product_id: "ETH-USD", side: "SELL" }
          })),
          ScriptedHttp.text(openListing)
        ])
      ))
    ))

  it.effect("followed by a duplicate refusal is resolved by looking the order up", () =>
    Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const order = yield* trading.place({ ...far, clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876" })
      assert.strictEqual(order.id, "0a1b2c3d-0000-4000-8000-000000000001")
    }).pipe(
      atNow,
      Effect.provide(Layer.provide(
        Layer.provide(
          Coinbase.layer({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials }),
          OrderJournal.layerNone
        ),
        ScriptedHttp.layer([
          ScriptedHttp.text(fixture("products")),
          ScriptedHttp.text("<html></html>", { status: 502 }),
          ScriptedHttp.text(JSON.stringify({
            success: false,
            error_response: { new_order_failure_reason: "DUPLICATE_CLIENT_ORDER_ID" }
          })),
          ScriptedHttp.text(openListing)
        ])
      ))
    ))

  it.effect("of an order that never arrived fails with NotPlaced after about three minutes", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const trading = yield* Coinbase.Trading
      const placed = yield* Effect.fork(Effect.flip(trading.place(far)))
      yield* Effect.replicateEffect(TestClock.adjust("2 seconds"), 89)
      assert.isTrue((yield* Fiber.poll(placed))._tag === "None")
      yield* Effect.replicateEffect(TestClock.adjust("2 seconds"), 3)
      const error = yield* Fiber.join(placed)
      assert.strictEqual(error._tag, "NotPlaced")
      assert.deepStrictEqual(yield* Effect.flatMap(Coinbase.Account, (account) => account.openOrders()), [])
    }).pipe(
      Effect.provide(layer({ faults: placing({ http503: 1 }) })),
      Logger.withMinimumLogLevel(LogLevel.None)
    ))
})

describe("cancel", () => {
  it.effect("cancels an order by either id, also when repeated", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const one = yield* trading.place(far)
      const two = yield* trading.place(far)
      assert.strictEqual(summary(yield* trading.cancel({ symbol: "BTC/USD", id: one.id })), "canceled 0 of 0.002")
      const clientOrderId = two.clientOrderId ?? ""
      assert.strictEqual(summary(yield* trading.cancel({ symbol: "BTC/USD", clientOrderId })), "canceled 0 of 0.002")
      // A second time, the order has already ended.
      assert.strictEqual(summary(yield* trading.cancel({ symbol: "BTC/USD", clientOrderId })), "canceled 0 of 0.002")
      assert.strictEqual(summary(yield* trading.cancel({ symbol: "BTC/USD", id: one.id })), "canceled 0 of 0.002")
      const error = yield* Effect.flip(trading.cancel({ symbol: "BTC/USD", id: "never-given" }))
      assert.strictEqual(error._tag, "OrderNotFound")
    })))

  it.effect("returns a filled order as filled", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      yield* setPrice("64000")
      const order = yield* trading.place({ ...far, price: "63000" })
      assert.strictEqual(order.status, "open")
      yield* setPrice("62000")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(summary(yield* trading.cancel({ symbol: "BTC/USD", id: order.id })), "filled 0.002 of 0.002")
    })))

  it.effect("cancelAll cancels every order of one market only, over several pages and requests", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const account = yield* Coinbase.Account
      const other = yield* trading.place({ ...far, symbol: "BTC/USDT", amount: "0.001" })
      const mine = yield* Effect.replicateEffect(trading.place({ ...far, amount: "0.001" }), 260)
      const canceled = yield* trading.cancelAll("BTC/USD")
      assert.deepStrictEqual(new Set(canceled), new Set(mine.map(({ id }) => id)))
      assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), [other.id])
      assert.deepStrictEqual(yield* trading.cancelAll("BTC/USD"), [])
      assert.strictEqual((yield* requestLog).filter((line) => line === "POST /orders/batch_cancel 200").length, 3)
    })))

  const canceling = (results: ReadonlyArray<object>, open: string) =>
    Layer.provideMerge(
      Layer.provide(
        Coinbase.layer({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer([
        fixture("products"),
        one,
        emptyListing,
        one,
        JSON.stringify({ results }),
        open,
        emptyListing,
        open
      ].map((text) => ScriptedHttp.text(text)))
    )
  const one = listing()
  const result = {
    success: false,
    failure_reason: "COMMANDER_REJECTED_CANCEL_ORDER",
    order_id: "0a1b2c3d-0000-4000-8000-000000000001"
  }

  it.effect("cancelAll fails with OrderRejected for an order that is still open", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Trading.Trading, (trading) => trading.cancelAll("BTC/USD")))
      assert.strictEqual(error._tag, "OrderRejected")
      assert.include(error.message, "not canceled")
    }).pipe(Effect.provide(canceling([result], one))))

  it.effect("cancelAll ignores an order that has ended meanwhile", () =>
    Effect.gen(function*() {
      const canceled = yield* Effect.flatMap(Trading.Trading, (trading) => trading.cancelAll("BTC/USD"))
      assert.deepStrictEqual(canceled, [])
    }).pipe(Effect.provide(canceling([result], emptyListing))))

  it.effect("cancelAll ignores an order that is already being canceled", () =>
    Effect.gen(function*() {
      const canceled = yield* Effect.flatMap(Trading.Trading, (trading) => trading.cancelAll("BTC/USD"))
      assert.deepStrictEqual(canceled, [])
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      // It is still listed, and is not canceled again.
      assert.strictEqual(requests.length, 8)
    }).pipe(Effect.provide(canceling([{ ...result, failure_reason: "DUPLICATE_CANCEL_REQUEST" }], one))))
})

describe("amend", () => {
  it.effect("changes price and amount, and keeps what is not given", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const order = yield* trading.place(far)
      const moved = yield* trading.amend({ symbol: "BTC/USD", id: order.id }, { price: "31000.01" })
      assert.deepStrictEqual(plain({ id: moved.id, price: moved.price, amount: moved.amount }), {
        id: order.id,
        price: "31000.01",
        amount: "0.002"
      })
      const clientOrderId = order.clientOrderId ?? ""
      const grown = yield* trading.amend({ symbol: "BTC/USD", clientOrderId }, { amount: "0.003" })
      assert.deepStrictEqual(plain({ id: grown.id, price: grown.price, amount: grown.amount }), {
        id: order.id,
        price: "31000.01",
        amount: "0.003"
      })
    })))

  it.effect("is refused for an order that has ended", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Coinbase.Trading
      const order = yield* trading.place(far)
      yield* trading.cancel({ symbol: "BTC/USD", id: order.id })
      const error = yield* Effect.flip(trading.amend({ symbol: "BTC/USD", id: order.id }, { price: "31000" }))
      assert.strictEqual(error._tag, "OrderRejected")
      const { request } = trading
      const unknown = yield* Effect.flip(
        request(CoinbaseEndpoints.editOrder, {
          order_id: "never-given",
          price: Decimal.make("1"),
          size: Decimal.make("1")
        })
      )
      assert.strictEqual(unknown._tag, "OrderNotFound")
    })))

  it.effect("is Unsupported for a good-till-date order", () =>
    Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const reference = { symbol: "BTC/USD", id: "0a1b2c3d-0000-4000-8000-000000000001" }
      const error = yield* Effect.flip(trading.amend(reference, { price: "31000" }))
      assert.strictEqual(error._tag, "Unsupported")
      assert.include(error.message, "place a new one")
    }).pipe(
      Effect.provide(Layer.provide(
        Layer.provide(
          Coinbase.layer({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials }),
          OrderJournal.layerNone
        ),
        ScriptedHttp.layer([
          ScriptedHttp.text(fixture("products")),
          ScriptedHttp.text(fixture("order").replace("limit_limit_gtc", "limit_limit_gtd"))
        ])
      ))
    ))
})

describe("unsupported requests", () => {
  it.effect("fail with Unsupported or InvalidRequest, and nothing is sent", () =>
    simulated(Effect.gen(function*() {
      const trading = yield* Trading.Trading
      const batch = yield* Effect.flip(trading.placeBatch([far]))
      const reduce = yield* Effect.flip(trading.place({ ...far, reduceOnly: true }))
      assert.deepStrictEqual([batch._tag, reduce._tag], ["Unsupported", "Unsupported"])
      assert.deepStrictEqual(yield* posts, [])
      const bad = yield* Effect.either(trading.place({ ...far, clientOrderId: "no blanks" }))
      assert.strictEqual(Either.isLeft(bad) && bad.left._tag, "InvalidRequest")
    })))
})
