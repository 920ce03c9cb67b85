import type { Order } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Fiber, Schema, TestClock } from "effect"
import { canceled, errors } from "../src/Errors.js"
import { Coinbase, CoinbaseEndpoints } from "../src/index.js"
import { scripted } from "./scripted.js"
import { fixture, json, now, plain } from "./utils.js"

const id = "0a1b2c3d-0000-4000-8000-000000000001"
const Json = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const { order } = Schema.decodeUnknownSync(Schema.Struct({ order: Json }))(json(fixture("order")))
const { fills: [bought = {}, sold = {}] } = Schema.decodeUnknownSync(Schema.Struct({ fills: Schema.Array(Json) }))(
  json(fixture("fills"))
)

describe("account", () => {
  it.effect("adds up the accounts of a currency including holds, and leaves out empty ones", () =>
    scripted(
      { accounts: json(fixture("accounts")) },
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* Effect.flatMap(Coinbase.Account, ({ balances }) => balances)).map(plain), [
          { asset: "BTC", free: "1.73456789", total: "1.73956789" },
          { asset: "USD", free: "10000.50", total: "10450.50" }
        ])
      })
    ))

  it.effect("fails with MalformedResponse for a balance without an amount", () =>
    scripted(
      {
        accounts: { accounts: [{ uuid: "1", currency: "BTC", available_balance: { value: "" }, hold: { value: "0" } }] }
      },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Coinbase.Account, ({ balances }) => balances))
        assert.strictEqual(error._tag, "MalformedResponse")
      })
    ))

  it.effect("reads a key that may transfer as one that may withdraw", () =>
    scripted(
      { key_permissions: { can_view: true, can_trade: false, can_transfer: true } },
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* Effect.flatMap(Coinbase.Account, ({ keyPermissions }) => keyPermissions),
          { read: true, trade: false, withdraw: true, ipRestricted: "unknown" }
        )
      })
    ))

  const read = (...fills: ReadonlyArray<unknown>) =>
    scripted(
      { "orders/historical/fills": { fills, cursor: "" } },
      Effect.map(Effect.flatMap(Coinbase.Account, ({ fills }) => fills("BTC/USD")), (fills) => fills.map(plain))
    )

  it.effect("returns fills with amounts in the base currency and fees in the quote currency", () =>
    Effect.gen(function*() {
      const common = { exchange: "coinbase", symbol: "BTC/USD" }
      assert.deepStrictEqual(yield* read(sold, bought), [
        {
          ...common,
          id: "1111-11111-111111",
          orderId: id,
          side: "buy",
          price: "60000",
          amount: "0.005",
          fee: "1.8",
          feeAsset: "USD",
          liquidity: "maker",
          at: Date.parse("2026-04-07T10:30:00Z")
        },
        {
          ...common,
          id: "1111-11111-111112",
          orderId: "0a1b2c3d-0000-4000-8000-000000000002",
          side: "sell",
          price: "50000",
          amount: "0.002",
          liquidity: "unknown",
          at: Date.parse("2026-04-07T10:31:00.500Z")
        }
      ])
    }))

  it.effect("returns both fills of a trade with oneself, and no entry twice", () =>
    Effect.gen(function*() {
      const other = { ...sold, trade_id: bought["trade_id"] }
      assert.deepStrictEqual((yield* read(other, bought, bought)).map(({ side }) => side), ["buy", "sell"])
    }))

  it.effect("leaves out entries that reverse or correct a fill", () =>
    Effect.gen(function*() {
      for (const trade_type of ["REVERSAL", "CORRECTION", "SYNTHETIC", ""]) {
        const sides = (yield* read(sold, { ...bought, trade_type })).map(({ side }) => side)
        assert.deepStrictEqual(sides, trade_type === "" ? ["buy", "sell"] : ["sell"], trade_type)
      }
    }))

  it.effect("rounds a quotient without end, and leaves out a fill in the quote currency without a price", () =>
    Effect.gen(function*() {
      const inQuote = { ...bought, size: "10", size_in_quote: true }
      assert.deepStrictEqual((yield* read(inQuote)).map(({ amount }) => amount), ["0.0001666666666667"])
      assert.deepStrictEqual(yield* read({ ...inQuote, price: "0" }), [])
    }))
})

describe("order", () => {
  const read = (change: object = {}) =>
    scripted(
      { [`orders/historical/${id}`]: { order: { ...order, ...change } } },
      Effect.flatMap(Coinbase.Account, (account) => account.order({ symbol: "BTC/USD", id }))
    )

  it.effect("is decoded with every field", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(plain(yield* read()), {
        exchange: "coinbase",
        symbol: "BTC/USD",
        id,
        clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876",
        side: "buy",
        status: "open",
        type: "limit",
        price: "60000.00",
        amount: "0.002",
        postOnly: true,
        timeInForce: "GTC",
        filled: "0.001",
        averagePrice: "59999.5",
        createdAt: Date.parse("2026-04-07T09:59:59.123Z")
      })
    }))

  for (
    const [status, expected] of Object.entries({
      PENDING: "pending",
      QUEUED: "pending",
      OPEN: "open",
      CANCEL_QUEUED: "open",
      EDIT_QUEUED: "open",
      FILLED: "filled",
      CANCELLED: "canceled",
      EXPIRED: "expired",
      FAILED: "rejected"
    })
  ) {
    it.effect(`is ${expected} if Coinbase's status is ${status}`, () =>
      Effect.map(read({ status }), (order) => assert.strictEqual(order.status, expected)))
  }

  for (
    const change of [
      { status: "UNKNOWN_ORDER_STATUS" },
      { status: "OF_TOMORROW" },
      { side: "UNKNOWN_ORDER_SIDE" },
      { filled_size: "" },
      { created_time: "" },
      { order_id: "" }
    ]
  ) {
    it.effect(`does not decode with ${JSON.stringify(change)}, and hides no other`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(read(change)))._tag, "MalformedResponse")
        const orders = [{ ...order, ...change }, { ...order, order_id: "other" }]
        const history = yield* scripted(
          { "orders/historical/batch": { orders, has_next: false, cursor: "" } },
          Effect.flatMap(Coinbase.Account, (account) => account.orderHistory("BTC/USD"))
        )
        assert.deepStrictEqual(history.map(({ id }) => id), ["other"])
      }))
  }

  const limit = { base_size: "0.5", limit_price: "10" }
  const limited = { type: "limit", price: "10", amount: "0.5" }
  const configurations = [
    [{ market_market_ioc: { base_size: "0.5" } }, { type: "market", amount: "0.5", timeInForce: "IOC" }],
    [{ market_market_ioc: { quote_size: "10", base_size: "" } }, { type: "market", timeInForce: "IOC" }],
    [{ limit_limit_gtc: { ...limit, post_only: false } }, { ...limited, postOnly: false, timeInForce: "GTC" }],
    [{ limit_limit_gtc: null, limit_limit_fok: limit }, { ...limited, postOnly: false, timeInForce: "FOK" }],
    [{ sor_limit_ioc: { ...limit, post_only: null } }, { ...limited, postOnly: false, timeInForce: "IOC" }],
    [{ limit_limit_gtd: { ...limit, post_only: true } }, { ...limited, postOnly: true }],
    [{ stop_limit_stop_limit_gtc: { ...limit, stop_price: "9" } }, { type: "other" }],
    [{ scaled_limit_gtc: {} }, { type: "other" }]
  ] as const
  for (const [order_configuration, expected] of configurations) {
    it.effect(`is decoded from ${JSON.stringify(order_configuration)}`, () =>
      Effect.map(
        read({ order_configuration }),
        ({ amount, postOnly, price, timeInForce, type }) =>
          assert.deepStrictEqual(plain({ type, price, amount, postOnly, timeInForce }), expected)
      ))
  }

  it.effect("has no average price while nothing is filled, and no blank client order id", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* read({ filled_size: "0", average_filled_price: "0" })).averagePrice)
      for (const client_order_id of ["", null, undefined]) {
        assert.isUndefined((yield* read({ client_order_id })).clientOrderId)
      }
    }))
})

const clientOrderId = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
const limitOrder = {
  type: "limit",
  symbol: "BTC/USD",
  side: "buy",
  amount: "0.002",
  price: "60000",
  clientOrderId
} as const

describe("place", () => {
  const sent = (request: Order.Request) =>
    scripted(
      {
        orders: { success: true, success_response: { order_id: id } },
        [`orders/historical/${id}`]: { order },
        time: { epochMillis: String(now) }
      },
      Effect.gen(function*() {
        // Looking the order up takes longer than this.
        const fiber = yield* Effect.fork(Effect.flatMap(Coinbase.Trading, (trading) => trading.place(request)))
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.interrupt(fiber)
        const { requests } = yield* ScriptedHttp.ScriptedHttp
        return json((yield* requests).find(({ method }) => method === "POST")?.body ?? "")
      })
    )
  const limit = { base_size: "0.002", limit_price: "60000" }

  it.effect("sends the configuration of the order's type", () =>
    Effect.gen(function*() {
      const cases = [
        [limitOrder, { limit_limit_gtc: { ...limit, post_only: false } }],
        [{ ...limitOrder, postOnly: true }, { limit_limit_gtc: { ...limit, post_only: true } }],
        [{ ...limitOrder, timeInForce: "IOC" }, { sor_limit_ioc: limit }],
        [{ ...limitOrder, timeInForce: "FOK" }, { limit_limit_fok: limit }]
      ] as const
      for (const [request, order_configuration] of cases) {
        assert.deepStrictEqual(yield* sent(request), {
          client_order_id: clientOrderId,
          product_id: "BTC-USD",
          side: "BUY",
          order_configuration
        })
      }
      const market = { type: "market", symbol: "BTC/USD", side: "sell", amount: "0.002", clientOrderId } as const
      assert.deepStrictEqual(yield* sent(market), {
        client_order_id: clientOrderId,
        product_id: "BTC-USD",
        side: "SELL",
        order_configuration: { market_market_ioc: { base_size: "0.002" } }
      })
    }))

  it("does not decode a placed order without an id", () => {
    assert.isTrue(
      Either.isLeft(CoinbaseEndpoints.createOrder.decode({ success: true, success_response: { order_id: "" } }))
    )
  })
})

describe("cancel", () => {
  for (
    const [reason, tag, outcome] of [
      ["UNKNOWN_CANCEL_ORDER", "OrderNotFound", "Rejected"],
      ["INVALID_CANCEL_REQUEST", "OrderRejected", "Rejected"],
      ["COMMANDER_REJECTED_CANCEL_ORDER", "OrderRejected", "Rejected"],
      ["OF_TOMORROW", "OrderRejected", "Rejected"],
      ["UNKNOWN_CANCEL_FAILURE_REASON", "ExchangeUnavailable", "Unknown"],
      [undefined, "ExchangeUnavailable", "Unknown"]
    ] as const
  ) {
    it(`${reason} fails with ${tag}`, () => {
      const { outcome: refusal } = canceled({ id: "1", success: false, reason })
      assert(typeof refusal !== "string")
      const about = { exchange: "coinbase", operation: "cancel" }
      const error = errors.ofRow(refusal.refused, { about, headers: {}, now: 0, status: 200 })
      assert.deepStrictEqual([error._tag, error.outcome], [tag, outcome])
    })
  }

  it("accepts an order that is canceled or is being canceled", () => {
    assert.strictEqual(
      canceled({ id: "1", success: true, reason: "UNKNOWN_CANCEL_FAILURE_REASON" }).outcome,
      "canceled"
    )
    assert.strictEqual(canceled({ id: "1", success: false, reason: "DUPLICATE_CANCEL_REQUEST" }).outcome, "ended")
  })
})
