import { Credentials, Decimal, type Order, OrderJournal } from "@effect-exchange/core"
import { Faults } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Effect, Fiber, Option, TestClock } from "effect"
import { Bybit } from "../src/index.js"
import { count, elapsing, openIntents, scripted, simulated } from "./support.js"
import { documented, envelope, now, simulator } from "./utils.js"

const setFaults = (faults: Faults.Options) =>
  Effect.flatMap(simulator, ({ setFaults }) => setFaults(Faults.make(faults)))

const limit: Order.LimitRequest = {
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "0.001",
  price: "30000",
  clientOrderId: "mine-1"
}

const day = 86_400_000

describe("lost response", () => {
  const losingResponse = (kind: Faults.Kind, path = "/v5/order/create"): Faults.Options => ({
    routes: [{ path, faults: Faults.make({ [kind]: 1 }) }]
  })

  for (const kind of ["reset", "drop", "http500", "malformed", "truncated"] as const) {
    it.effect(`(${kind}) to an order is resolved, and the order is sent once`, () =>
      simulated(
        Effect.gen(function*() {
          const trading = yield* Bybit.Trading
          const order = yield* elapsing(trading.place(limit))
          assert.deepInclude(order, { status: "open", clientOrderId: "mine-1" })
          assert.strictEqual(yield* count("/v5/order/create"), 1)
          const open = yield* Effect.flatMap(Bybit.Account, (account) => account.openOrders())
          assert.deepStrictEqual(open.map(({ id }) => id), [order.id])
          assert.deepStrictEqual(yield* openIntents, [])
        }),
        losingResponse(kind)
      ))
  }

  it.effect("to an order that is listed late is resolved", () =>
    simulated(
      Effect.gen(function*() {
        const order = yield* elapsing(Effect.flatMap(Bybit.Trading, (trading) => trading.place(limit)))
        assert.strictEqual(order.status, "open")
        assert.strictEqual(yield* count("/v5/order/create"), 1)
      }),
      { ...losingResponse("reset"), orderLag: "4 seconds" }
    ))

  it.effect("to an order that never arrived fails with NotPlaced after more than ten seconds", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const trading = yield* Bybit.Trading
      const fiber = yield* Effect.fork(Effect.flip(trading.place(limit)))
      yield* TestClock.adjust("9999 millis")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("3 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "NotPlaced")
      assert.strictEqual(error.order.clientOrderId, "mine-1")
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      assert.strictEqual(requests.filter(({ url }) => url.endsWith("/v5/order/create")).length, 1)
    }).pipe(Effect.provide(scripted(({ path }) =>
      path === "/v5/order/create"
        ? { retCode: 10016, retMsg: "Request timeout, please try again later", result: {}, retExtInfo: {}, time: now }
        : envelope({ list: [], nextPageCursor: "" })
    ))))

  it.effect("to a cancellation is resolved by cancelling again and looking the order up", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        const order = yield* trading.place(limit)
        const canceled = yield* elapsing(trading.cancel({ symbol: "BTC/USDT", id: order.id }))
        assert.strictEqual(canceled.status, "canceled")
      }),
      losingResponse("reset", "/v5/order/cancel")
    ))

  it.effect("to an amendment is resolved by looking the order up, and the amendment is sent once", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        yield* trading.place(limit)
        const changed = yield* elapsing(
          trading.amend({ symbol: "BTC/USDT", clientOrderId: "mine-1" }, { price: "31000" })
        )
        assert.strictEqual(changed.price === undefined ? "" : Decimal.format(changed.price), "31000.0")
        assert.strictEqual(yield* count("/v5/order/amend"), 1)
      }),
      losingResponse("reset", "/v5/order/amend")
    ))

  it.effect("to an order of an interrupted program is resolved by reconcile", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        const journal = yield* OrderJournal.OrderJournal
        const fiber = yield* Effect.fork(trading.place(limit))
        yield* TestClock.adjust("0 millis")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual((yield* journal.open).length, 1)
        yield* setFaults({})
        const [found] = yield* trading.reconcile
        assert(found?._tag === "Placed")
        assert.strictEqual(found.order.clientOrderId, "mine-1")
        assert.deepStrictEqual(yield* journal.open, [])
      }),
      losingResponse("drop")
    ))
})

describe("acknowledgement", () => {
  it.effect("is followed by lookups until the order is listed", () =>
    simulated(
      Effect.gen(function*() {
        const trading = yield* Bybit.Trading
        const fiber = yield* Effect.fork(trading.place(limit))
        yield* TestClock.adjust("400 millis")
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("400 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).status, "open")
      }),
      { orderLag: "500 millis" }
    ))

  it.effect("makes a pending order if the order is not listed in time", () =>
    simulated(
      Effect.gen(function*() {
        const order = yield* elapsing(Effect.flatMap(Bybit.Trading, (trading) => trading.place(limit)))
        assert.deepInclude(order, { status: "pending", clientOrderId: "mine-1" })
        assert.deepStrictEqual(yield* openIntents, [])
      }),
      { orderLag: "1 hour" }
    ))
})

describe("old order", () => {
  const intent = (days: number): OrderJournal.Intent => ({
    _tag: "Intent",
    exchange: "bybit",
    environment: "scripted",
    account: Credentials.fingerprint(documented),
    clientOrderId: "mine-1",
    symbol: "BTC/USDT",
    side: "buy",
    type: "limit",
    amount: "1",
    price: "60000",
    timeInForce: "GTC",
    at: now - days * day
  })

  const reconciled = (days: number, isKept: boolean) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const journal = yield* OrderJournal.OrderJournal
      yield* journal.append(intent(days))
      const trading = yield* Bybit.Trading
      return Option.fromNullable((yield* elapsing(trading.reconcile, "2 minutes"))[0])
    }).pipe(Effect.provide(scripted(({ path, query }) => {
      const at = now - days * day
      const isInRange = Number(query.get("startTime")) <= at && at <= Number(query.get("endTime"))
      const row = {
        orderId: "1",
        orderLinkId: "mine-1",
        symbol: "BTCUSDT",
        side: "Buy",
        orderType: "Limit",
        orderStatus: "Filled",
        price: "60000",
        qty: "1",
        cumExecQty: "1",
        createdTime: String(at)
      }
      return envelope({ list: path === "/v5/order/history" && isInRange && isKept ? [row] : [], nextPageCursor: "" })
    })))

  it.effect("is asked for in its own week", () =>
    Effect.map(reconciled(40, true), (found) => assertSome(Option.map(found, ({ _tag }) => _tag), "Placed")))

  it.effect("that is not found proves nothing, as it need not have been kept", () =>
    Effect.gen(function*() {
      const found = yield* reconciled(40, false)
      assert(Option.isSome(found) && found.value._tag === "Unknown")
      assert.strictEqual(found.value.error._tag, "Unsupported")
      assert.include(found.value.error.message, "after 6d it may have forgotten one that was never filled")
      assertNone(Option.filter(yield* reconciled(3, false), ({ _tag }) => _tag !== "NotPlaced"))
    }))
})
