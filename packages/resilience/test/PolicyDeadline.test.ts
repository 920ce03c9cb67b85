import { Bulkhead, Deadline, Policy } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Duration, Effect, Exit, Fiber, Option, TestClock } from "effect"
import { counted, down, retry, safe, tenPerMinute } from "./support/policies.js"

/** The instant after this duration from now. */
const after = (duration: Duration.DurationInput): Effect.Effect<Option.Option<bigint>> =>
  Effect.clockWith((clock) =>
    Effect.succeed(Option.some(clock.unsafeCurrentTimeNanos() + Option.getOrThrow(Duration.toNanos(duration))))
  )

type Apply = <A, E>(
  policy: Policy.Policy<E, Policy.Refusal>,
  self: Effect.Effect<A, E>,
  at: Option.Option<bigint>
) => Effect.Effect<A, E | Policy.Refusal>

const ways: Readonly<Record<string, Apply>> = {
  "set with Deadline.until": (policy, self, at) => Deadline.until(policy.apply(self, safe), at),
  "in the options of the call": (policy, self, deadline) => policy.apply(self, { ...safe, deadline }),
  "in the options of explain": (policy, self, deadline) =>
    Effect.flatMap(policy.explain(self, { ...safe, deadline }), ([exit]) => exit),
  "in the options of the call, with a later one set around it": (policy, self, deadline) =>
    Deadline.within(policy.apply(self, { ...safe, deadline }), "1 hour"),
  "set around the call, with a later one in its options": (policy, self, at) =>
    Effect.flatMap(after("1 hour"), (deadline) => Deadline.until(policy.apply(self, { ...safe, deadline }), at))
}

for (const [name, apply] of Object.entries(ways)) {
  describe(`A deadline ${name}`, () => {
    it.effect("that has passed refuses the call without sending it", () =>
      Effect.gen(function*() {
        const limiter = yield* tenPerMinute
        const { counting, counts } = counted(Effect.void)
        const policy: Policy.Policy<never, Policy.Refusal> = Policy.make({ name: "deadline", limiter })
        const error = yield* Effect.flip(apply(policy, counting, yield* after(0)))
        assert.strictEqual(error._tag, "DeadlineExceeded")
        assert.strictEqual(counts.started, 0)
        assert.strictEqual(yield* limiter.available, 10)
      }))

    it.effect("refuses immediately a call that would wait for tokens beyond it", () =>
      Effect.gen(function*() {
        const limiter = yield* tenPerMinute
        const policy: Policy.Policy<never, Policy.Refusal> = Policy.make({ name: "deadline", limiter })
        yield* policy.apply(Effect.void, { ...safe, cost: 10 })
        const error = yield* Effect.flip(apply(policy, Effect.void, yield* after("59 seconds")))
        assert.strictEqual(error._tag, "DeadlineExceeded")
        const fiber = yield* Effect.fork(apply(policy, Effect.void, yield* after("61 seconds")))
        yield* TestClock.adjust("60 seconds")
        yield* Fiber.join(fiber)
      }))

    it.effect("ends a wait for a permit at its exact instant", () =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ name: "deadline", permits: 1, maxQueue: 1 })
        const policy: Policy.Policy<never, Policy.Refusal> = Policy.make({ name: "deadline", bulkhead })
        yield* Effect.fork(policy.apply(Effect.never, safe))
        const fiber = yield* Effect.fork(Effect.flip(apply(policy, Effect.void, yield* after("5 seconds"))))
        yield* TestClock.adjust(4999)
        assertNone(yield* Fiber.poll(fiber))
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "DeadlineExceeded")
      }))

    it.effect("prevents retries that would begin after it, and no others", () =>
      Effect.gen(function*() {
        const { counting, counts } = counted(down)
        const policy = Policy.make({ name: "deadline", retry })
        const fiber = yield* Effect.fork(Effect.exit(apply(policy, counting, yield* after(150))))
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("down" as const))
        assert.strictEqual(counts.started, 2)
      }))

    it.effect("does not apply after the call has ended", () =>
      Effect.gen(function*() {
        const policy = Policy.make({ name: "deadline", retry })
        const call = Effect.exit(apply(policy, down, yield* after("1 minute")))
        const fiber = yield* Effect.fork(Effect.zipRight(call, Deadline.remaining))
        yield* TestClock.adjust("1 second")
        assertNone(yield* Fiber.join(fiber))
      }))
  })
}
