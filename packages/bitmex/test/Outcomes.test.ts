import { OrderJournal } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { clearFaults, elapsing, fault, place, resting, sent, simulated, simulator, text } from "./support.js"
import { error as refusal, fixture, now } from "./utils.js"

describe("lost response", () => {
  for (const kind of ["reset", "drop", "http500", "malformed", "truncated"] as const) {
    it.effect(`(${kind}) to an order is resolved by its client order id, and the order is sent once`, () =>
      simulated(Effect.gen(function*() {
        yield* fault("/api/v1/order", "POST", { [kind]: 1 })
        const order = yield* elapsing(place({ ...resting, clientOrderId: "lost" }))
        assert.deepInclude(order, { status: "open", clientOrderId: "lost" })
        assert.strictEqual(text(order.amount), "0.01")
        assert.strictEqual(yield* sent("POST"), 1)
        yield* clearFaults
        const open = yield* Effect.flatMap(BitMex.Account, (account) => account.openOrders())
        assert.deepStrictEqual(open.map(({ id }) => id), [order.id])
      })))
  }

  it.effect("to an order that is listed late is resolved", () =>
    simulated(
      Effect.gen(function*() {
        yield* Effect.flatMap(simulator, ({ setFaults }) =>
          setFaults(Faults.make({
            orderLag: "10 seconds",
            routes: [{ path: "/api/v1/order", method: "POST", faults: Faults.make({ reset: 1 }) }]
          })))
        const order = yield* elapsing(place({ ...resting, clientOrderId: "late" }))
        assert.deepInclude(order, { status: "open", clientOrderId: "late" })
      })
    ))

  it.effect("of an overloaded exchange (503) is no loss: the order is sent again", () =>
    simulated(Effect.gen(function*() {
      yield* fault("/api/v1/order", "POST", { http503: 1 })
      const fiber = yield* Effect.fork(place({ ...resting, clientOrderId: "again" }))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* sent("POST"), 1)
      yield* clearFaults
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* Fiber.join(fiber), { status: "open", clientOrderId: "again" })
      assert.strictEqual(yield* sent("POST"), 2)
    })))

  it.effect("to an order that never arrived fails with NotPlaced after half a minute", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const fiber = yield* Effect.fork(Effect.flip(place({ ...resting, clientOrderId: "never" })))
      for (let second = 0; second < 29; second++) yield* TestClock.adjust("1 second")
      assert.isNull(fiber.unsafePoll())
      for (let second = 0; second < 5; second++) yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "NotPlaced")
      assert.strictEqual(error.order.clientOrderId, "never")
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      const [lookup, ...more] = requests.filter(({ method, url }) => method === "GET" && url.includes("/order?"))
      assert(lookup !== undefined && more.length > 0)
      assert.strictEqual(
        decodeURIComponent(lookup.url.split("?")[1] ?? ""),
        "symbol=XBTUSDT&count=1&reverse=true&filter={\"clOrdID\":\"never\"}"
      )
      const posts = requests.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body))
      assert.deepStrictEqual(posts, [{
        symbol: "XBTUSDT",
        side: "Buy",
        orderQty: 10_000,
        ordType: "Limit",
        price: 50_000,
        timeInForce: "GoodTillCancel",
        clOrdID: "never"
      }])
    }).pipe(Effect.provide(Layer.provideMerge(
      Layer.provide(
        BitMex.layer({
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: Simulator.credentials("bitmex")
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer(({ method, url }) =>
        method === "POST"
          ? ScriptedHttp.text(refusal("Server Error"), { status: 500 })
          : ScriptedHttp.text(url.includes("/instrument") ? fixture("instrument_active") : "[]")
      )
    ))))

  it.effect("to an order of an interrupted program is resolved by reconcile", () =>
    Effect.gen(function*() {
      const dying = yield* Effect.fork(place({ ...resting, clientOrderId: "crash" }))
      yield* fault("/api/v1/order", "POST", { drop: 1 })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(dying)
      yield* clearFaults
      const trading = yield* BitMex.Trading
      const [found, ...others] = yield* elapsing(trading.reconcile)
      assert(found?._tag === "Placed" && others.length === 0)
      assert.strictEqual(found.order.clientOrderId, "crash")
      assert.deepStrictEqual(yield* trading.reconcile, [])
    }).pipe((effect) => simulated(effect)))
})
