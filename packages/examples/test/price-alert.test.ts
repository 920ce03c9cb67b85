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

/** Advances the clock and runs everything that is due. */
const advance = (duration: "1 second" | "11 seconds" | "5 minutes") => TestClock.adjust(duration)

/** The alerts that the webhook received. */
const alerted = Effect.map(
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
  it.effect("is sent once for each crossing, not for a price that fluctuates around the level", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch())
      yield* advance("1 second")
      for (const last of ["99.5", "100.5", "99.9", "102", "103", "99.5", "102", "98", "97"]) {
        yield* mock.setPrice("BTC/USDT", { last })
        yield* advance("1 second")
      }
      assert.deepStrictEqual(yield* alerted, [first, second])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("watches several levels independently", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch([alert, { ...alert, level: Decimal.make("150") }]))
      yield* advance("1 second")
      yield* mock.setPrice("BTC/USDT", { last: "200" })
      yield* advance("1 second")
      assert.deepStrictEqual((yield* alerted).map(([, , key]) => String(key).slice(0, -2)).toSorted(), [
        "BTC/USDT-100",
        "BTC/USDT-150"
      ])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("polls the price when there is no feed, during an outage too", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failOn("streamTicker", Mock.errors.unsupported())
      yield* Effect.fork(watch())
      yield* advance("1 second")
      yield* mock.failWith(Mock.errors.exchangeUnavailable())
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* advance("5 minutes")
      assert.deepStrictEqual(yield* alerted, [])
      yield* mock.recover
      yield* advance("11 seconds")
      assert.deepStrictEqual(yield* alerted, [first])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("starts while the exchange is down", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* mock.failWith(Mock.errors.transportFailed())
      yield* Effect.fork(watch())
      yield* advance("5 minutes")
      yield* mock.recover
      yield* advance("5 minutes")
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* advance("1 second")
      assert.deepStrictEqual(yield* alerted, [first])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), webhook])))

  it.effect("fails with an error that waiting cannot resolve", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(watch()))._tag, "SymbolNotFound")
    }).pipe(Effect.provide([Mock.layer({}), webhook])))

  it.effect("sends the crossings of a webhook outage afterwards, in order", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      const http = yield* ScriptedHttp.ScriptedHttp
      yield* Effect.fork(watch())
      yield* advance("1 second")
      yield* http.enqueue(
        ScriptedHttp.refused,
        ScriptedHttp.json({}, { status: 503 }),
        ScriptedHttp.never,
        ScriptedHttp.json({}),
        ScriptedHttp.json({})
      )
      yield* mock.setPrice("BTC/USDT", { last: "102" })
      yield* advance("1 second")
      yield* mock.setPrice("BTC/USDT", { last: "98" })
      yield* advance("5 minutes")
      assert.deepStrictEqual(yield* alerted, [first, first, first, first, second])
    }).pipe(Effect.provide([Mock.layer({ "BTC/USDT": { last: "99" } }), ScriptedHttp.layer([])])))

  it.effect("continues with the next crossing when the webhook rejects one", () =>
    Effect.gen(function*() {
      const mock = yield* Mock.Mock
      yield* Effect.fork(watch())
      yield* advance("1 second")
      for (const last of ["102", "98"]) {
        yield* mock.setPrice("BTC/USDT", { last })
        yield* advance("5 minutes")
      }
      assert.deepStrictEqual(yield* alerted, [first, second])
    }).pipe(Effect.provide([
      Mock.layer({ "BTC/USDT": { last: "99" } }),
      ScriptedHttp.layer(() => ScriptedHttp.json({}, { status: 400 }))
    ])))

  it.effect("polls while the feed is lost, and uses the feed again afterwards", () =>
    Effect.gen(function*() {
      const binance = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      const set = (price: string) => Effect.zipRight(binance.setPrice("BTC/USDT", price), advance("11 seconds"))
      yield* set("99")
      const watching = yield* Effect.fork(watch())
      yield* advance("11 seconds")
      yield* binance.disturb({ _tag: "Refuse" })
      yield* binance.disturb({ _tag: "Close", code: 1006 })
      yield* set("102")
      assert.deepStrictEqual(yield* alerted, [["above", "102", "BTC/USDT-100-0"]])
      yield* binance.setFaults(Faults.outage)
      yield* set("98")
      yield* binance.disturb({ _tag: "Calm" })
      yield* binance.setFaults(Faults.none)
      yield* advance("5 minutes")
      assert.deepStrictEqual((yield* alerted).slice(1), [["below", "98", "BTC/USDT-100-1"]])
      yield* Fiber.interrupt(watching)
    }).pipe(Effect.provide([
      Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
        Layer.provideMerge(Simulator.layer("binance"))
      ),
      webhook
    ])))
})
