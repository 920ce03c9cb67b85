import { Binance } from "@effect-exchange/binance"
import { Decimal } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { Mock, ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, FastCheck, Fiber, Layer, Redacted, TestClock } from "effect"
import * as PriceAlert from "../src/PriceAlert.js"

const alert = { symbol: "BTC/USDT", level: Decimal.make("100"), band: Decimal.make("0.01") }

const watch = (alerts: ReadonlyArray<PriceAlert.Alert> = [alert]) =>
  PriceAlert.run(alerts, Redacted.make("https://hooks.example/secret"))

/** Lets as much time pass, and everything happen that is due. */
const pass = (duration: "1 second" | "11 seconds" | "5 minutes") => TestClock.adjust(duration)

/** What the webhook was told. */
const told = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) =>
    requests.map(({ body, headers }): ReadonlyArray<unknown> => {
      const { now, price } = JSON.parse(body)
      return [now, price, headers["idempotency-key"]]
    })
)

const webhook = ScriptedHttp.layer(() => ScriptedHttp.json({}))

const first = ["above", "102", "BTC/USDT-100-0"]
const second = ["below", "98", "BTC/USDT-100-1"]

describe("sideOf", () => {
  const price = FastCheck.integer({ min: 9000, max: 11_000 }).map((hundredths) =>
    BigDecimal.make(BigInt(hundredths), 2)
  )

  it.prop("changes only when the price has passed the level by the band", [FastCheck.array(price)], ([prices]) => {
    let side: PriceAlert.Side | undefined
    for (const price of prices) {
      const before = side
      side = PriceAlert.sideOf(alert, before, price)
      if (before === undefined || before === side) continue
      assert.strictEqual(side === "above", BigDecimal.greaterThanOrEqualTo(price, BigDecimal.make(101n, 0)))
      assert.strictEqual(side === "below", BigDecimal.lessThanOrEqualTo(price, BigDecimal.make(99n, 0)))
    }
  })
})

describe("a price alert", () => {
  it.effect("tells of each crossing once, and not of a price that trembles around the level", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch())
      yield* pass("1 second")
      for (const last of ["99.5", "100.5", "99.9", "102", "103", "99.5", "102", "98", "97"]) {
        yield* mock.setPrice("BTC/USDT", { last })
        yield* pass("1 second")
      }
      assert.deepStrictEqual(yield* told, [first, second])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("watches several levels by themselves", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch([alert, { ...alert, level: Decimal.make("150") }]))
      yield* pass("1 second")
      yield* mock.setPrice("BTC/USDT", { last: "200" })
      yield* pass("1 second")
      assert.deepStrictEqual((yield* told).map(([, , key]) => String(key).slice(0, -2)).toSorted(), [
        "BTC/USDT-100",
        "BTC/USDT-150"
      ])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("asks again and again where there is no feed, also through an outage", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failOn("streamTicker", Mock.errors.unsupported())
      yield* Effect.fork(watch())
      yield* pass("1 second")
      yield* mock.failWith(Mock.errors.exchangeUnavailable())
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* pass("5 minutes")
      assert.deepStrictEqual(yield* told, [])
      yield* mock.recover
      yield* pass("11 seconds")
      assert.deepStrictEqual(yield* told, [first])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("starts while the exchange is down", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failWith(Mock.errors.transportFailed())
      yield* Effect.fork(watch())
      yield* pass("5 minutes")
      yield* mock.recover
      yield* pass("5 minutes")
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* pass("1 second")
      assert.deepStrictEqual(yield* told, [first])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("ends with what no waiting mends", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(watch()))._tag, "SymbolNotFound")
    }).pipe(Effect.provide([Mock.layer({}), webhook])))

  it.effect("tells what happened while the webhook was down, in order", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      const http = yield* ScriptedHttp.ScriptedHttp
      yield* Effect.fork(watch())
      yield* pass("1 second")
      yield* http.enqueue(
        ScriptedHttp.refused,
        ScriptedHttp.json({}, { status: 503 }),
        ScriptedHttp.never,
        ScriptedHttp.json({}),
        ScriptedHttp.json({})
      )
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* pass("1 second")
      yield* mock.setPrice("BTC/USDT", { last: "98" })
      yield* pass("5 minutes")
      assert.deepStrictEqual(yield* told, [first, first, first, first, second])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), ScriptedHttp.layer([])])))

  it.effect("goes on to the next when the webhook refuses one", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch())
      yield* pass("1 second")
      for (const last of ["102", "98"]) {
        yield* mock.setPrice("BTC/USDT", { last })
        yield* pass("5 minutes")
      }
      assert.deepStrictEqual(yield* told, [first, second])
    }).pipe(Effect.provide([
      Mock.layer({ "BTC/USDT": { last: "99" } }),
      ScriptedHttp.layer(() => ScriptedHttp.json({}, { status: 400 }))
    ])))

  it.effect("asks while a feed is lost, and hears of it again", () =>
    Effect.gen(function*() {
      const binance = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      const set = (price: string) => Effect.zipRight(binance.setPrice("BTC/USDT", price), pass("11 seconds"))
      yield* set("99")
      const watching = yield* Effect.fork(watch())
      yield* pass("11 seconds")
      yield* binance.disturb({ _tag: "Refuse" })
      yield* binance.disturb({ _tag: "Close", code: 1006 })
      yield* set("102")
      assert.deepStrictEqual(yield* told, [["above", "102", "BTC/USDT-100-0"]])
      yield* binance.setFaults(Faults.outage)
      yield* set("98")
      yield* binance.disturb({ _tag: "Calm" })
      yield* binance.setFaults(Faults.none)
      yield* pass("5 minutes")
      assert.deepStrictEqual((yield* told).slice(1), [["below", "98", "BTC/USDT-100-1"]])
      yield* Fiber.interrupt(watching)
    }).pipe(Effect.provide([
      Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
        Layer.provideMerge(Simulator.layer("binance"))
      ),
      webhook
    ])))
})
