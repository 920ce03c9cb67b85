import { Decimal, Fill } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { assertRight } from "@effect/vitest/utils"
import { Either, Schema } from "effect"
import { CoinbaseOrderMapping, CoinbaseTradingEndpoints, CoinbaseTradingWire, CoinbaseWire } from "../src/index.js"
import { bitcoin, fixture, json, plain } from "./utils.js"

const market = bitcoin()

describe("account", () => {
  it("adds up the wallets of a currency, holds included, and leaves out what is empty", () => {
    const { accounts } = Either.getOrThrow(CoinbaseTradingEndpoints.accounts.decode(json(fixture("accounts"))))
    assert.deepStrictEqual(CoinbaseOrderMapping.balances(accounts).map(plain), [
      { asset: "BTC", free: "1.73456789", total: "1.73956789" },
      { asset: "USD", free: "10000.50", total: "10450.50" }
    ])
  })

  it("refuses an account without a number", () => {
    const account = { currency: "BTC", available_balance: { value: "" }, hold: { value: "0" } }
    assert.isTrue(Either.isLeft(CoinbaseTradingEndpoints.accounts.decode({ accounts: [account] })))
  })

  it("counts a key that may transfer as one that may withdraw", () => {
    assert.deepStrictEqual(
      CoinbaseOrderMapping.permissions({ can_view: true, can_trade: false, can_transfer: true }),
      { read: true, trade: false, withdraw: true, ipRestricted: "unknown" }
    )
  })

  it("gives fills in the base currency, their fees in the quote currency", () => {
    const { fills } = Either.getOrThrow(CoinbaseTradingEndpoints.fills.decode(json(fixture("fills"))))
    const common = { exchange: "coinbase", symbol: "BTC/USD" }
    assert.deepStrictEqual(fills.map(CoinbaseOrderMapping.fill(market)).map(plain), [
      {
        ...common,
        id: "1111-11111-111111",
        orderId: "0a1b2c3d-0000-4000-8000-000000000001",
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
  })

  it("gives a fill in the quote currency an amount that can be written down, also where the quotient has no end", () => {
    const [wire] = Either.getOrThrow(CoinbaseTradingEndpoints.fills.decode(json(fixture("fills")))).fills
    assert(wire !== undefined)
    const fill = CoinbaseOrderMapping.fill(market)({
      ...wire,
      price: Decimal.make("60000"),
      size: Decimal.make("10"),
      size_in_quote: true
    })
    const written = Either.getOrThrow(Schema.encodeEither(Fill.Fill)(fill))
    assert.strictEqual(written.amount, "0.0001666666666667")
  })
})

const wire = Either.getOrThrow(CoinbaseTradingEndpoints.order.decode(json(fixture("order"))))

describe("order", () => {
  it("is read whole", () => {
    assert.deepStrictEqual(plain(CoinbaseOrderMapping.order(market, wire)), {
      exchange: "coinbase",
      symbol: "BTC/USD",
      id: "0a1b2c3d-0000-4000-8000-000000000001",
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
  })

  const statuses = {
    PENDING: "pending",
    QUEUED: "pending",
    OPEN: "open",
    CANCEL_QUEUED: "open",
    EDIT_QUEUED: "open",
    FILLED: "filled",
    CANCELLED: "canceled",
    EXPIRED: "expired",
    FAILED: "rejected"
  } as const
  for (const status of CoinbaseTradingWire.OrderStatus.literals) {
    it(`${status} is ${statuses[status]}`, () => {
      assert.strictEqual(CoinbaseOrderMapping.order(market, { ...wire, status }).status, statuses[status])
    })
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
    it(`is not guessed: ${JSON.stringify(change)}`, () => {
      const { order } = Schema.decodeUnknownSync(
        Schema.parseJson(Schema.Struct({ order: Schema.Record({ key: Schema.String, value: Schema.Unknown }) }))
      )(fixture("order"))
      assert.isTrue(Either.isRight(CoinbaseTradingEndpoints.order.decode({ order })))
      assert.isTrue(Either.isLeft(CoinbaseTradingEndpoints.order.decode({ order: { ...order, ...change } })))
    })
  }

  const limit = { base_size: "0.5", limit_price: "10" }
  const configurations = [
    [{ market_market_ioc: { base_size: "0.5" } }, { type: "market", amount: "0.5", timeInForce: "IOC" }],
    [{ market_market_ioc: { quote_size: "10", base_size: "" } }, { type: "market", timeInForce: "IOC" }],
    [{ limit_limit_gtc: { ...limit, post_only: false } }, {
      type: "limit",
      price: "10",
      amount: "0.5",
      postOnly: false,
      timeInForce: "GTC"
    }],
    [{ limit_limit_fok: limit }, { type: "limit", price: "10", amount: "0.5", postOnly: false, timeInForce: "FOK" }],
    [{ sor_limit_ioc: limit }, { type: "limit", price: "10", amount: "0.5", postOnly: false, timeInForce: "IOC" }],
    [{ limit_limit_gtd: { ...limit, end_time: "2026-04-07T00:00:00Z", post_only: true } }, {
      type: "limit",
      price: "10",
      amount: "0.5",
      postOnly: true
    }],
    [{ stop_limit_stop_limit_gtc: { ...limit, stop_price: "9" } }, { type: "other" }],
    [{ scaled_limit_gtc: {} }, { type: "other" }]
  ] as const
  for (const [configuration, expected] of configurations) {
    it(`is described by ${Object.keys(configuration).join()}: ${expected.type}`, () => {
      const order_configuration = Schema.decodeUnknownSync(CoinbaseTradingWire.OrderConfiguration)(configuration)
      const order = CoinbaseOrderMapping.order(market, { ...wire, order_configuration })
      const { amount, postOnly, price, timeInForce, type } = order
      assert.deepStrictEqual(plain({ type, price, amount, postOnly, timeInForce }), expected)
    })
  }

  it("has no average price while nothing is filled, and no client order id when it is blank", () => {
    const fresh = { ...wire, filled_size: Decimal.make("0"), average_filled_price: Decimal.make("0") }
    assert.isUndefined(CoinbaseOrderMapping.order(market, fresh).averagePrice)
    const decode = Schema.decodeUnknownSync(
      Schema.Struct({ client_order_id: CoinbaseWire.blankable(Schema.NonEmptyString) })
    )
    assert.isUndefined(decode({ client_order_id: "" }).client_order_id)
    assert.isUndefined(decode({ client_order_id: null }).client_order_id)
    assert.isUndefined(decode({}).client_order_id)
  })
})

const asked: Adapter.NewOrder = {
  market,
  side: "buy",
  type: "limit",
  amount: Decimal.make("0.00200000"),
  price: Decimal.make("60000"),
  timeInForce: "GTC",
  postOnly: false,
  reduceOnly: false,
  clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876"
}

describe("newOrder", () => {
  const sent = (order: Partial<Adapter.NewOrder>) =>
    CoinbaseTradingEndpoints.createOrder.encode(CoinbaseOrderMapping.newOrder({ ...asked, ...order }))
  const about = { client_order_id: asked.clientOrderId, product_id: "BTC-USD", side: "BUY" }
  const limit = { base_size: "0.00200000", limit_price: "60000" }

  it("says what is ordered under the name of its kind", () => {
    assertRight(sent({}), { ...about, order_configuration: { limit_limit_gtc: { ...limit, post_only: false } } })
    assertRight(sent({ postOnly: true, side: "sell" }), {
      ...about,
      side: "SELL",
      order_configuration: { limit_limit_gtc: { ...limit, post_only: true } }
    })
    assertRight(sent({ timeInForce: "IOC" }), { ...about, order_configuration: { sor_limit_ioc: limit } })
    assertRight(sent({ timeInForce: "FOK" }), { ...about, order_configuration: { limit_limit_fok: limit } })
    assertRight(sent({ type: "market", price: undefined, timeInForce: "IOC" }), {
      ...about,
      order_configuration: { market_market_ioc: { base_size: "0.00200000" } }
    })
  })
})

describe("isAnother", () => {
  const created = Either.getOrThrow(CoinbaseTradingEndpoints.createOrder.decode(json(fixture("order_created"))))

  it("finds nothing wrong with the order that was asked for, however much the answer says of it", () => {
    assert.isFalse(CoinbaseOrderMapping.isAnother(asked, created))
    assert.isFalse(CoinbaseOrderMapping.isAnother(asked, { ...created, order_configuration: null }))
    assert.isFalse(CoinbaseOrderMapping.isAnother(asked, { ...created, order_configuration: {} }))
    const { order_id } = created.success_response
    assert.isFalse(CoinbaseOrderMapping.isAnother(asked, { success: true, success_response: { order_id } }))
  })

  for (
    const [what, change] of Object.entries(
      {
        side: { side: "sell" },
        amount: { amount: Decimal.make("0.003") },
        price: { price: Decimal.make("60000.01") },
        market: { market: { ...market, id: "ETH-USD" } }
      } satisfies { readonly [what: string]: Partial<Adapter.NewOrder> }
    )
  ) {
    it(`finds an order of another ${what}`, () => {
      assert.isTrue(CoinbaseOrderMapping.isAnother({ ...asked, ...change }, created))
    })
  }

  it("does not take an order for placed of which no id is told", () => {
    assert.isTrue(Either.isLeft(
      CoinbaseTradingEndpoints.createOrder.decode({ success: true, success_response: { order_id: "" } })
    ))
  })
})

describe("cancelFailure", () => {
  const about = { exchange: "coinbase", operation: "test" }
  const result = (success: boolean, failure_reason?: string) =>
    CoinbaseOrderMapping.cancelFailure(about, { success, failure_reason, order_id: "1" })

  it("is none of what is canceled, now or soon", () => {
    assert.isUndefined(result(true, "UNKNOWN_CANCEL_FAILURE_REASON"))
    assert.isUndefined(result(false, "DUPLICATE_CANCEL_REQUEST"))
  })

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
    it(`${reason} is ${tag}`, () => {
      const error = result(false, reason)
      assert(error !== undefined)
      assert.deepStrictEqual([error._tag, error.outcome], [tag, outcome])
    })
  }
})
