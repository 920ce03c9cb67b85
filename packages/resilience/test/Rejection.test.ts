import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Bulkhead, CircuitBreaker, Rejection } from "../src/index.js"

const refused = Effect.gen(function*() {
  const breaker = yield* CircuitBreaker.make({ name: "far" })
  yield* breaker.forceOpen
  return yield* Effect.flip(breaker.protect(Effect.void))
})

describe("Rejection", () => {
  it.effect("isRejection is true for an error of a gate, even within spans and after failing again", () =>
    Effect.gen(function*() {
      assert.isTrue(Rejection.isRejection(yield* refused))
      const again = Effect.flip(Effect.mapError(Effect.flatMap(refused, Effect.fail), (error) => error))
      assert.isTrue(Rejection.isRejection(yield* again.pipe(Effect.withSpan("inner"), Effect.withSpan("outer"))))
    }))

  it.effect("isRejection is false for a decoded error, whose call was sent", () =>
    Effect.gen(function*() {
      const encoded = yield* Schema.encode(CircuitBreaker.CircuitOpen)(yield* refused)
      assert.isFalse(Rejection.isRejection(yield* Schema.decode(CircuitBreaker.CircuitOpen)(encoded)))
    }))

  it("isRejection is false for any other value", () => {
    for (const other of [undefined, null, 1, {}, new Error("no"), Bulkhead]) {
      assert.isFalse(Rejection.isRejection(other))
    }
  })
})
