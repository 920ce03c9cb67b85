import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Logger, LogLevel, Metric, TestClock } from "effect"
import { Composite, ExchangeError, Telemetry } from "../src/index.js"
import { about, at, price, quoted, read, source, unavailable } from "./support/sources.js"

const hedging = { hedgeAfter: "1 second" } as const

const failovers = (exchange: string) =>
  Effect.map(
    Metric.value(Telemetry.failovers.pipe(
      Metric.tagged("exchange", exchange),
      Metric.tagged("operation", "price"),
      Metric.tagged("error", "ExchangeUnavailable")
    )),
    ({ count }) => count
  )

/** Runs the effect and returns the warnings it logged. */
const warnings = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const warned: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel.ordinal >= LogLevel.Warning.ordinal) warned.push(JSON.stringify(message))
    })
    return Effect.as(Effect.provide(self, Logger.replace(Logger.defaultLogger, logger)), warned)
  })

describe("hedgeAfter", () => {
  it.effect("asks the next source once it has elapsed, and not before, and interrupts the slow one", () =>
    Effect.gen(function*() {
      yield* at
      let interrupted = 0
      const late = source("late", { price: Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)) })
      const spare = source("spare", { price: quoted("spare", "2") })
      const fiber = yield* Effect.fork(price(Composite.failover([late.layer, spare.layer], hedging)))
      yield* TestClock.adjust(Duration.millis(999))
      assert.strictEqual(spare.asked(), 0)
      yield* TestClock.adjust(Duration.millis(1))
      assert.strictEqual((yield* Fiber.join(fiber)).source, "spare")
      assert.strictEqual(interrupted, 1)
    }))

  it.effect("takes the first answer, even from the source that was slow", () =>
    Effect.gen(function*() {
      yield* at
      const late = source("late", { price: Effect.delay(quoted("late", "1"), "1500 millis") })
      const later = source("later", { price: Effect.delay(quoted("later", "2"), "1 second") })
      const third = source("third", {})
      const fiber = yield* Effect.fork(price(Composite.failover([late.layer, later.layer, third.layer], hedging)))
      yield* TestClock.adjust("1500 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).source, "late")
      assert.deepStrictEqual([later.asked(), third.asked()], [1, 0])
    }))

  it.effect("asks the next source immediately after a failure, and the error names all", () =>
    Effect.gen(function*() {
      yield* at
      const spare = source("spare", { price: quoted("spare", "2") })
      assert.strictEqual(
        (yield* price(Composite.failover([source("ill", {}).layer, spare.layer], hedging))).source,
        "spare"
      )
      const error = yield* Effect.flip(
        price(Composite.failover([source("a", {}).layer, source("b", {}).layer, source("c", {}).layer], hedging))
      )
      assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
      assert.include(
        error.message,
        "a: ExchangeUnavailable, no; b: ExchangeUnavailable, no; c: ExchangeUnavailable, no"
      )
      const alone = yield* Effect.flip(price(Composite.failover([source("a", {}).layer], hedging)))
      assert.include(alone.message, "a: ExchangeUnavailable, no")
    }))

  it.effect("names the slow source in the error too, if that fails in the end", () =>
    Effect.gen(function*() {
      yield* at
      const late = source("late", { price: Effect.never })
      const fiber = yield* Effect.fork(
        Effect.flip(
          price(Composite.failover([late.layer, source("ill", {}).layer], { ...hedging, patience: "3 seconds" }))
        )
      )
      yield* TestClock.adjust("3 seconds")
      const error = yield* Fiber.join(fiber)
      assert.include(error.message, "ill: ExchangeUnavailable, no; late: RequestTimedOut, no response within 3s")
    }))

  it.effect("fails immediately if the call is invalid, even with another request in flight", () =>
    Effect.gen(function*() {
      yield* at
      const late = source("late", { price: Effect.never })
      const refusing = source("refusing", { price: new ExchangeError.InvalidRequest(about("refusing")) })
      const third = source("third", { price: quoted("third", "3") })
      const fiber = yield* Effect.fork(
        Effect.flip(price(Composite.failover([late.layer, refusing.layer, third.layer], hedging)))
      )
      yield* TestClock.adjust("1 second")
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.InvalidRequest)
      assert.strictEqual(third.asked(), 0)
    }))

  it.effect("being overtaken is not a failure: it is neither logged nor counted, while failing is both", () =>
    Effect.gen(function*() {
      yield* at
      let down = false
      const first = source("overtaken", {
        price: Effect.suspend(() => down ? Effect.fail(unavailable("overtaken")) : Effect.never)
      })
      const spare = source("overtaking", { price: quoted("overtaking", "2") })
      const readPrice = Effect.gen(function*() {
        const fiber = yield* Effect.fork(read("BTC/USDT"))
        yield* TestClock.adjust("1 second")
        return yield* Fiber.join(fiber)
      })
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* warnings(Effect.replicateEffect(readPrice, 6)), [])
        assert.strictEqual(first.asked(), 6)
        assert.strictEqual(yield* failovers("overtaken"), 0)
        down = true
        const warned = yield* warnings(Effect.replicateEffect(readPrice, 2))
        assert.strictEqual(warned.length, 1)
        assert.include(warned[0], "overtaken: ExchangeUnavailable, no")
        assert.strictEqual(yield* failovers("overtaken"), 2)
      }).pipe(Effect.provide(Composite.failover([first.layer, spare.layer], hedging)))
    }))

  it.effect("500 consecutive failovers all reach the next source", () =>
    Effect.gen(function*() {
      yield* at
      const spare = source("spare", { price: quoted("spare", "2") })
      yield* Effect.replicateEffect(read("BTC/USDT"), 500).pipe(
        Effect.provide(Composite.failover([source("ill", {}).layer, spare.layer], hedging))
      )
      assert.strictEqual(spare.asked(), 500)
    }))
})
