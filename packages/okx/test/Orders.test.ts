import type { Order } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { Okx } from "../src/index.js"
import { answered, requests, scripted } from "./scripted.js"
import { envelope, now, rows, verdict } from "./utils.js"

const trading = Okx.Trading

const bid = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.0150",
  price: "60000.50",
  clientOrderId: "b15"
} as const satisfies Order.LimitRequest

const ack = (row: object) => envelope({ clOrdId: "b15", ordId: "", sCode: "0", sMsg: "", tag: "", ...row })

const [openRow] = rows("orders_pending")

/** Returns the order as OKX lists it. */
const openOrder = (row: object) =>
  envelope({
    ...openRow,
    clOrdId: "b15",
    ordId: "7",
    sz: "0.015",
    px: "60000.5",
    cTime: String(now),
    uTime: String(now),
    ...row
  })

describe("request to place an order", () => {
  const sent = (request: object) =>
    scripted(
      { "POST trade/order": [ack({ ordId: "7" })], "trade/order?": [envelope()] },
      Effect.gen(function*() {
        yield* Effect.either(Effect.flatMap(trading, ({ place }) => place({ ...bid, ...request })))
        const [first] = yield* requests
        return first
      })
    )
  const body = (request: object) => Effect.map(sent(request), (first) => first?.body)

  const limit = { instId: "BTC-USDT", tdMode: "cash", side: "buy", sz: "0.015", px: "60000.50", clOrdId: "b15" }

  it.effect("has the type of a limit order", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* body({}), { ...limit, ordType: "limit" })
      assert.deepStrictEqual(yield* body({ postOnly: true }), { ...limit, ordType: "post_only" })
      assert.deepStrictEqual(yield* body({ timeInForce: "IOC" }), { ...limit, ordType: "ioc" })
      assert.deepStrictEqual(yield* body({ timeInForce: "FOK" }), { ...limit, ordType: "fok" })
    }))

  it.effect("has the size in the base currency for a market order, for both sides", () =>
    Effect.gen(function*() {
      const { px: _, ...market } = limit
      const given = { type: "market", price: undefined }
      const stated = { ...market, ordType: "market", tgtCcy: "base_ccy" }
      assert.deepInclude(yield* body(given), stated)
      assert.deepInclude(yield* body({ ...given, side: "sell" }), { ...stated, side: "sell" })
      assert.notProperty(yield* body({ ...given, symbol: "BTC/USDT:USDT" }), "tgtCcy")
    }))

  it.effect("does not let OKX reduce a market order on spot to what the balance allows", () =>
    Effect.gen(function*() {
      const given = { type: "market", price: undefined }
      assert.deepInclude(yield* body(given), { banAmend: true })
      assert.deepInclude(yield* body({ ...given, side: "sell" }), { banAmend: true })
      assert.notProperty(yield* body({ ...given, symbol: "BTC/USDT:USDT" }), "banAmend")
      assert.notProperty(yield* body({}), "banAmend")
    }))

  it.effect("has the size in contracts for contracts, with cross margin", () =>
    Effect.gen(function*() {
      const contracts = { ...limit, instId: "BTC-USDT-SWAP", tdMode: "cross", ordType: "limit" }
      assert.deepStrictEqual(yield* body({ symbol: "BTC/USDT:USDT" }), { ...contracts, sz: "1.5" })
      assert.deepStrictEqual(yield* body({ symbol: "BTC/USDT:USDT", amount: "12", reduceOnly: true }), {
        ...contracts,
        sz: "1200",
        reduceOnly: true
      })
      assert.deepStrictEqual(yield* body({ symbol: "BTC/USD:BTC", amount: "7" }), {
        ...contracts,
        instId: "BTC-USD-SWAP",
        sz: "7"
      })
    }))

  it.effect("expires five seconds after it was signed, as for a batch and an amendment", () =>
    Effect.gen(function*() {
      const headers = yield* scripted(
        { "POST trade/": [ack({ ordId: "7" })], "trade/order?": [openOrder({})] },
        Effect.gen(function*() {
          const { amend, cancel, place, placeBatch } = yield* trading
          yield* Effect.either(place(bid))
          yield* Effect.either(placeBatch([bid, { ...bid, clientOrderId: "c16" }]))
          yield* Effect.either(amend({ symbol: "BTC/USDT", id: "7" }, { price: "60001" }))
          yield* Effect.either(cancel({ symbol: "BTC/USDT", id: "7" }))
          return (yield* requests)
            .filter(({ method }) => method === "POST")
            .map(({ target: asked, at, headers }) => [asked, Number(headers["exptime"] ?? at) - at])
        })
      )
      assert.deepStrictEqual(headers, [
        ["POST trade/order", 5000],
        ["POST trade/batch-orders", 5000],
        ["POST trade/amend-order", 5000],
        ["POST trade/cancel-order", 0]
      ])
    }))
})

describe("acknowledgement", () => {
  it.effect("without an id is accepted: the order is looked up by its client order id, and sent once", () =>
    Effect.gen(function*() {
      const [order, asked] = yield* scripted(
        { "POST trade/order": [ack({})], "trade/order?": [openOrder({})] },
        Effect.zip(Effect.flatMap(trading, ({ place }) => place(bid)), requests)
      )
      assert.deepStrictEqual([order.id, order.clientOrderId, order.status], ["7", "b15", "open"])
      assert.deepStrictEqual(asked.map(({ target: asked }) => asked), [
        "POST trade/order",
        "trade/order?instId=BTC-USDT&clOrdId=b15"
      ])
    }))

  it.effect("without an id has an unknown outcome if the order is not listed", () =>
    Effect.gen(function*() {
      const missing = { code: "51603", data: [], msg: "Order does not exist" }
      const error = yield* scripted(
        {
          "POST trade/order": [ack({})],
          "trade/order?": [missing],
          "trade/orders-pending": [envelope()],
          "trade/orders-history": [envelope()]
        },
        Effect.flip(Effect.flatMap(trading, ({ place }) => place(bid)))
      )
      assert.deepStrictEqual(verdict(error), { tag: "OutcomeUnknown", outcome: "Unknown" })
    }))

  it.effect("without an id is accepted in a batch and for a cancellation", () =>
    Effect.gen(function*() {
      const [placed, canceled] = yield* scripted(
        {
          "POST trade/batch-orders": [
            envelope(
              { clOrdId: "b15", ordId: "", sCode: "0", sMsg: "" },
              { clOrdId: "c16", ordId: "8", sCode: "0", sMsg: "" }
            )
          ],
          "POST trade/cancel-order": [ack({})],
          "trade/order?instId=BTC-USDT&clOrdId=b15": [openOrder({}), openOrder({ state: "canceled" })],
          "trade/order?instId=BTC-USDT&ordId=8": [openOrder({ clOrdId: "c16", ordId: "8" })]
        },
        Effect.flatMap(trading, ({ cancel, placeBatch }) =>
          Effect.zip(
            placeBatch([bid, { ...bid, clientOrderId: "c16" }]),
            cancel({ symbol: "BTC/USDT", clientOrderId: "b15" })
          ))
      )
      assert.deepStrictEqual(placed.map(Either.map(({ id }) => id)), [Either.right("7"), Either.right("8")])
      assert.strictEqual(canceled.status, "canceled")
    }))

  const inBatch = (answer: unknown) =>
    scripted(
      {
        "POST trade/batch-orders": [answer],
        "trade/order?": [{ code: "51603", data: [], msg: "" }],
        "trade/orders-pending": [envelope()],
        "trade/orders-history": [envelope()]
      },
      Effect.flatMap(trading, ({ placeBatch }) => placeBatch([bid, { ...bid, clientOrderId: "c16" }]))
    ).pipe(Effect.map((results) => results.map(Either.match({ onLeft: verdict, onRight: ({ status }) => status }))))

  it.effect("of a batch that lacks an order makes that order be looked up", () =>
    Effect.gen(function*() {
      const refused = { clOrdId: "c16", ordId: "", sCode: "51008", sMsg: "Insufficient USDT balance" }
      assert.deepStrictEqual(yield* inBatch({ code: "1", data: [refused], msg: "" }), [
        { tag: "NotPlaced", outcome: "Rejected" },
        { tag: "InsufficientFunds", outcome: "Rejected", code: "51008" }
      ])
    }))

  it.effect("that refuses with an unknown code keeps it, and reveals no secret", () =>
    Effect.gen(function*() {
      const secret = Redacted.value(Simulator.credentials("okx").secret)
      const refused = (clOrdId: string) => ({ clOrdId, ordId: "", sCode: "51999", sMsg: `New\u0000rule ${secret}. ` })
      const errors = yield* scripted(
        { "POST trade/batch-orders": [{ code: "1", data: [refused("b15"), refused("c16")], msg: "" }] },
        Effect.flatMap(trading, ({ placeBatch }) => placeBatch([bid, { ...bid, clientOrderId: "c16" }]))
      )
      for (const each of errors) {
        const error = yield* Effect.flip(each)
        assert.deepStrictEqual(verdict(error), { tag: "OrderRejected", outcome: "Rejected", code: "51999" })
        assert.include(error.message, "unrecognized error: New rule")
        assert.notInclude(error.message, secret)
      }
    }))
})

describe("cancelAll", () => {
  const accepted = (...ids: ReadonlyArray<string>) =>
    envelope(...ids.map((ordId) => ({ clOrdId: "", ordId, sCode: "0", sMsg: "" })))

  it.effect("cancels orders with an unknown status", () =>
    Effect.gen(function*() {
      const [ids, asked] = yield* scripted(
        {
          "trade/orders-pending": [
            envelope({ ...openRow, ordId: "1" }, { ...openRow, ordId: "2", state: "paused" }),
            envelope()
          ],
          "POST trade/cancel-batch-orders": [accepted("1", "2")]
        },
        Effect.zip(Effect.flatMap(trading, ({ cancelAll }) => cancelAll("BTC/USDT")), requests)
      )
      assert.deepStrictEqual(ids, ["1", "2"])
      assert.deepStrictEqual(asked.find(({ method }) => method === "POST")?.body, [
        { instId: "BTC-USDT", ordId: "1" },
        { instId: "BTC-USDT", ordId: "2" }
      ])
    }))

  it.effect("ignores a single order that has ended, and fails with the refusal of one that is still open", () =>
    Effect.gen(function*() {
      const alone = (sCode: string, ...listings: ReadonlyArray<unknown>) =>
        scripted(
          {
            "trade/orders-pending": listings,
            "POST trade/cancel-batch-orders": [
              { code: "1", data: [{ clOrdId: "", ordId: "1", sCode, sMsg: "No." }], msg: "" }
            ]
          },
          Effect.flatMap(trading, ({ cancelAll }) => Effect.either(cancelAll("BTC/USDT")))
        )
      const one = envelope({ ...openRow, ordId: "1" })
      for (const code of ["51400", "51401", "51402", "51410"]) {
        assert.deepStrictEqual(yield* alone(code, one, one, envelope()), Either.right([]))
      }
      const refused = yield* Effect.flip(yield* alone("51155", one))
      assert.deepStrictEqual(verdict(refused), { tag: "PermissionDenied", outcome: "Rejected", code: "51155" })
      // The refusal is ignored, because the order has ended.
      assert.deepStrictEqual(yield* alone("51155", one, envelope()), Either.right([]))
    }))
})

describe("documented acknowledgements", () => {
  it.effect("are decoded", () =>
    Effect.gen(function*() {
      const order = yield* scripted(
        {
          "POST trade/order": [answered("place_order")],
          "trade/order?": [openOrder({ ordId: "2497956918703120384" })]
        },
        Effect.flatMap(trading, ({ place }) => place(bid))
      )
      assert.strictEqual(order.id, "2497956918703120384")
    }))
})
