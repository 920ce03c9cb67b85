import {
  Chaos,
  Deadline,
  Fallback,
  Hedge,
  Idempotent,
  Retry,
  RetryBudget,
  SingleFlight,
  Timeout
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"

describe("Idempotent", () => {
  it.effect("a marked effect behaves as the original on each run", () =>
    Effect.gen(function*() {
      let runs = 0
      const marked = Idempotent.mark(Effect.sync(() => ++runs))
      assert.isTrue(Idempotent.isIdempotent(marked))
      assert.strictEqual(yield* marked, 1)
      assert.strictEqual(yield* marked, 2)
      assert.strictEqual(yield* Effect.flip(Idempotent.mark(Effect.fail("failed"))), "failed")
      assert.deepStrictEqual(yield* Effect.exit(Idempotent.mark(Effect.die("bug"))), Exit.die("bug"))
    }))

  it("an effect derived from a marked one is not marked", () => {
    const marked = Idempotent.mark(Effect.succeed(1))
    assert.isFalse(Idempotent.isIdempotent(Effect.succeed(1)))
    assert.isFalse(Idempotent.isIdempotent(Effect.map(marked, (n) => n + 1)))
    assert.strictEqual(Idempotent.mark(marked), marked)
  })

  it.effect("only a marked effect can be hedged, others do not type-check", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "typed", delay: "1 second", budget })
      const order = Effect.succeed("placed")
      const read = Idempotent.mark(Effect.succeed("read"))
      assert.strictEqual(yield* hedge.apply(read), "read")
      assert.strictEqual(yield* hedge.apply(hedge.apply(read)), "read")
      // @ts-expect-error The order is not marked as idempotent.
      hedge.apply(order)
      // @ts-expect-error The combination with an order is not marked.
      hedge.apply(Effect.zipRight(read, order))
      // @ts-expect-error Neither in a pipe.
      order.pipe(hedge.apply)
    }))

  it.effect("the combinators of the package keep the brand, in the type and at run time, and none adds it", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "kept", delay: "1 second", budget })
      const chaos = yield* Chaos.make({ name: "kept", strategies: [Chaos.latency({ rate: 0, min: "1 second" })] })
      const flights = yield* SingleFlight.make<number, "down">({ name: "kept" })
      const known = yield* Fallback.lastKnown<number>({ maxAge: "1 minute" })
      const read: Effect.Effect<number, "down"> = Effect.succeed(1)
      const limit: Timeout.Options<"down"> = { duration: "1 minute", onTimeout: () => "down" }

      const combine = <I>(
        self: Idempotent.Input<number, "down", never, I>
      ): ReadonlyArray<Effect.Effect<unknown, "down">> => [
        chaos.inject(self),
        flights.run("read", self),
        known.serve(self),
        Fallback.orElseSucceed(self, { use: () => 0 }),
        Timeout.attempt(self, limit),
        Timeout.deadline(self, limit),
        Deadline.within(self, "1 minute")
      ]
      combine(Idempotent.mark(read)).forEach((self) => assert.isTrue(Idempotent.isIdempotent(self)))
      combine(read).forEach((self) => assert.isFalse(Idempotent.isIdempotent(self)))

      const kept = read.pipe(
        Idempotent.mark,
        chaos.inject,
        Timeout.attempt({ duration: "1 second", onTimeout: () => "late" as const }),
        Retry.retry({ attempts: 2 }),
        Timeout.deadline({ duration: "1 second", onTimeout: () => "over" as const }),
        Deadline.within("1 second"),
        Fallback.orElse({ use: () => Effect.succeed(2) }),
        Idempotent.mark,
        (self) => flights.run("read", self),
        known.serve,
        hedge.apply,
        Fallback.orElseSucceed({ use: () => "instead" }),
        hedge.apply
      )
      assert.isTrue(Idempotent.isIdempotent(kept))
      assert.deepNestedInclude(yield* kept, { value: 1, stale: false })

      const timed = read.pipe(Timeout.attempt(limit), Timeout.deadline(limit), Deadline.within("1 second"))
      // @ts-expect-error Timeouts do not add the brand.
      timed.pipe(Retry.retry())

      const plain = read.pipe(
        chaos.inject,
        (self) => flights.run("read", self),
        known.serve,
        Fallback.orElseSucceed({ use: () => "instead" })
      )
      // @ts-expect-error The effect was never marked.
      plain.pipe(hedge.apply)
    }))

  it.effect("`keep` preserves the brand through other combinators, with their types", () =>
    Effect.gen(function*() {
      const read = Idempotent.mark(Effect.succeed(1))
      const kept: Idempotent.Idempotent<string, "late"> = read.pipe(
        Idempotent.keep(Effect.map((n) => `${n + 1}`)),
        Idempotent.keep(Effect.tapError(() => Effect.void)),
        Idempotent.keep(Effect.withSpan("read")),
        Idempotent.keep(Effect.filterOrFail((text) => text !== "", () => "late" as const))
      )
      assert.isTrue(Idempotent.isIdempotent(kept))
      assert.strictEqual(yield* Retry.retry(kept), "2")
      // @ts-expect-error Without `keep` the brand is lost.
      read.pipe(Effect.map((n) => n + 1), Retry.retry())
      // @ts-expect-error `keep` does not add the brand.
      Effect.succeed(1).pipe(Idempotent.keep(Effect.map((n) => n + 1)))
    }))
})
