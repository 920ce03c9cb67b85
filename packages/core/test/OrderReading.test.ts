import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { manualClock } from "../../resilience/test/support/manualClock.js"
import { ExchangeError } from "../src/index.js"
import * as OrderReading from "../src/trading/internal/orderReading.js"

const yieldUntilIdle = Effect.repeatN(Effect.yieldNow(), 50)

/** Starts a proof of absence of an order that no lookup finds; it takes ten seconds. */
const finding = Effect.gen(function*() {
  const { advance, clock, stepWall } = manualClock()
  const finding = yield* Effect.fork(
    OrderReading.find({
      lookup: new ExchangeError.OrderNotFound({ exchange: "acme", operation: "order", detail: "none" }),
      elsewhere: Effect.succeedNone,
      absentAfter: "10 seconds",
      patience: "30 seconds"
    }).pipe(Effect.withClock(clock))
  )
  const pass = (seconds: number) =>
    Effect.gen(function*() {
      for (let passed = 0; passed < seconds * 10; passed++) {
        yield* yieldUntilIdle
        advance(100)
      }
      yield* yieldUntilIdle
      return Option.isSome(yield* Fiber.poll(finding))
    })
  return { pass, stepWall }
})

describe("a proof of absence", () => {
  it.effect("is not complete sooner because the system clock was set forward", () =>
    Effect.gen(function*() {
      const { pass, stepWall } = yield* finding
      yield* pass(1)
      stepWall(3_600_000)
      assert.isFalse(yield* pass(8))
      assert.isTrue(yield* pass(4))
    }))

  it.effect("takes no longer because the system clock was set back", () =>
    Effect.gen(function*() {
      const { pass, stepWall } = yield* finding
      yield* pass(1)
      stepWall(-3_600_000)
      assert.isTrue(yield* pass(12))
    }))
})
