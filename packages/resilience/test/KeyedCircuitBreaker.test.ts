import { CircuitBreaker, Idempotent, KeyedCircuitBreaker, Retry, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import {
  Cause,
  Data,
  Deferred,
  Duration,
  Effect,
  Exit,
  FastCheck,
  Fiber,
  Ref,
  Schedule,
  Scope,
  TestClock
} from "effect"
import { boom } from "./support/circuitBreaker.js"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

const make = (options?: KeyedCircuitBreaker.Options) =>
  KeyedCircuitBreaker.make<string>(
    (key) => ({ name: key, trip: Trip.consecutive(1), openFor: Schedule.spaced("1 second") }),
    options
  )

type Keyed = KeyedCircuitBreaker.KeyedCircuitBreaker<string>

const succeed = (keyed: Keyed, key: string) => keyed.protect(key)(Effect.void)

const fail = (keyed: Keyed, key: string) => Effect.exit(keyed.protect(key)(boom))

const tag = (keyed: Keyed, key: string) =>
  Effect.scoped(Effect.flatMap(keyed.get(key), ({ state }) => Effect.map(state, (state) => state._tag)))

describe("Keys", () => {
  it.effect("have separate breakers with their own options", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make((key: number) => ({
        name: `host ${key}`,
        trip: Trip.consecutive(key)
      }))
      const state = (key: number) =>
        Effect.scoped(Effect.flatMap(keyed.get(key), (breaker) => Effect.map(breaker.state, ({ _tag }) => _tag)))
      for (const key of [1, 2]) yield* Effect.exit(keyed.protect(key)(boom))
      assert.deepStrictEqual(yield* Effect.all([state(1), state(2)]), ["Open", "Closed"])
      assert.strictEqual((yield* Effect.flip(keyed.protect(1)(Effect.succeed(1)))).name, "host 1")
      yield* Effect.exit(keyed.protect(2)(boom))
      assert.strictEqual(yield* state(2), "Open")
      assert.strictEqual(yield* keyed.size, 2)
    }))

  it.effect("that are equal share a breaker", () =>
    Effect.gen(function*() {
      const Key = Data.struct<{ readonly host: string; readonly path: string }>
      const made = yield* Ref.make(0)
      const keyed = yield* KeyedCircuitBreaker.make((key: ReturnType<typeof Key>) => ({ name: key.host }))
      yield* keyed.protect(Key({ host: "a", path: "b" }))(Ref.update(made, (n) => n + 1))
      yield* keyed.protect(Key({ host: "a", path: "b" }))(Ref.update(made, (n) => n + 1))
      assert.strictEqual(yield* keyed.size, 1)
    }))

  it.effect("requested by 100 concurrent fibers share one breaker", () =>
    Effect.gen(function*() {
      const keyed = yield* make()
      const breakers = yield* Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.scoped(Effect.withScheduler(keyed.get("a"), yieldOften())),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(breakers).size, 1)
    }))

  it.effect("do not change results, failures and defects", () =>
    Effect.gen(function*() {
      const keyed = yield* make()
      assert.strictEqual(yield* keyed.protect("a")(Effect.succeed(1)), 1)
      assert.deepStrictEqual(yield* fail(keyed, "a"), Exit.fail("boom"))
      assert.deepStrictEqual(yield* Effect.exit(keyed.protect("b")(Effect.die("bug"))), Exit.die("bug"))
    }))
})

describe("An idempotent effect", () => {
  it.effect("keeps its brand in protect, and no other effect gets it", () =>
    Effect.gen(function*() {
      const breakers = yield* KeyedCircuitBreaker.make((name: string) => ({ name }))
      const order: Effect.Effect<string, "down"> = Effect.succeed("placed")
      const read = Idempotent.mark(order).pipe(breakers.protect("host"))
      assert.isTrue(Idempotent.isIdempotent(read))
      assert.strictEqual(yield* read.pipe(Retry.retry()), "placed")
      assert.isFalse(Idempotent.isIdempotent(order.pipe(breakers.protect("host"))))
      // @ts-expect-error The order is not marked as idempotent.
      order.pipe(breakers.protect("host"), Retry.retry())
    }))
})

describe("The idle time to live", () => {
  it.effect("removes an unused breaker at the exact instant", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ idleTimeToLive: "1 minute" })
      yield* succeed(keyed, "a")
      yield* TestClock.adjust("59999 millis")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 2)
      yield* TestClock.adjust("1 millis")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 1)
    }))

  it.effect("restarts with each use", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ idleTimeToLive: "1 minute" })
      yield* succeed(keyed, "a")
      yield* TestClock.adjust("59 seconds")
      yield* succeed(keyed, "a")
      yield* TestClock.adjust("59 seconds")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 2)
    }))

  it.effect("is 10 minutes by default, and may be infinite", () =>
    Effect.gen(function*() {
      const [keyed, infinite] = yield* Effect.all([make(), make({ idleTimeToLive: Duration.infinity })])
      for (const one of [keyed, infinite]) yield* succeed(one, "a")
      yield* TestClock.adjust("599999 millis")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 2)
      yield* TestClock.adjust("1 day")
      for (const one of [keyed, infinite]) yield* succeed(one, "c")
      assert.deepStrictEqual([yield* keyed.size, yield* infinite.size], [1, 2])
    }))

  it.effect("does not remove a breaker that is not closed, which keeps its schedule, until it has closed", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make<string>(
        (name) => ({ name, trip: Trip.consecutive(1), openFor: Schedule.exponential("1 hour") }),
        { idleTimeToLive: "1 minute" }
      )
      yield* fail(keyed, "a")
      yield* TestClock.adjust("12 hours")
      yield* succeed(keyed, "b")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 2)
      yield* fail(keyed, "a")
      yield* TestClock.adjust("2 hours")
      yield* fail(keyed, "a")
      yield* TestClock.adjust("3 hours")
      const error = yield* Effect.flip(succeed(keyed, "a"))
      assert.strictEqual(Duration.toHours(error.retryAfter), 1)
      yield* TestClock.adjust("1 hour")
      yield* succeed(keyed, "a")
      yield* TestClock.adjust("1 hour")
      yield* succeed(keyed, "b")
      assert.deepStrictEqual(yield* keyed.keys, ["b"])
    }))

  for (const by of ["isolate", "disable", "metricsOnly", "forceOpen"] as const) {
    it.effect(`does not remove a breaker after ${by}`, () =>
      Effect.gen(function*() {
        const keyed = yield* make({ idleTimeToLive: "1 minute" })
        const outer = yield* Scope.make()
        const breaker = yield* Effect.scoped(keyed.get("a"))
        yield* Scope.extend(breaker[by], outer)
        for (let i = 0; i < 3; i++) {
          yield* TestClock.adjust("1 hour")
          yield* succeed(keyed, "b")
        }
        assert.strictEqual(yield* Effect.scoped(keyed.get("a")), breaker)
        yield* Scope.close(outer, Exit.void)
        yield* breaker.reset
        for (let i = 0; i < 3; i++) {
          yield* TestClock.adjust("1 hour")
          yield* succeed(keyed, "b")
        }
        assert.strictEqual(yield* keyed.size, 1)
      }))
  }

  it.effect("does not remove a breaker in use by a running call or an open scope", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ idleTimeToLive: "1 minute" })
      const [started, gate] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void, string>()])
      const call = yield* Effect.fork(
        keyed.protect("a")(Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(gate)))
      )
      yield* Deferred.await(started)
      yield* Effect.scoped(Effect.gen(function*() {
        yield* keyed.get("held")
        yield* TestClock.adjust("1 day")
        yield* succeed(keyed, "b")
        assert.strictEqual(yield* keyed.size, 3)
      }))
      yield* Deferred.fail(gate, "boom")
      yield* Fiber.await(call)
      assert.strictEqual(yield* tag(keyed, "a"), "Open")
    }))

  it.effect("counts from the end of a use, even if it was interrupted", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ idleTimeToLive: "1 minute" })
      const call = yield* Effect.fork(keyed.protect("a")(Effect.never))
      yield* TestClock.adjust("1 day")
      yield* Fiber.interrupt(call)
      yield* TestClock.adjust("59999 millis")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 2)
      yield* TestClock.adjust("1 millis")
      yield* succeed(keyed, "b")
      assert.strictEqual(yield* keyed.size, 1)
    }))
})

describe("The capacity", () => {
  it.effect("when exceeded, removes the least recently used breaker", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ capacity: 3 })
      const [a, b, c] = yield* Effect.forEach(["a", "b", "c"], (key) => Effect.scoped(keyed.get(key)))
      yield* succeed(keyed, "a")
      yield* succeed(keyed, "d")
      assert.strictEqual(yield* keyed.size, 3)
      assert.strictEqual(yield* Effect.scoped(keyed.get("a")), a)
      assert.strictEqual(yield* Effect.scoped(keyed.get("c")), c)
      assert.notStrictEqual(yield* Effect.scoped(keyed.get("b")), b)
    }))

  it.effect("does not remove breakers that are not closed, and is restored once they have closed", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ capacity: 2 })
      for (const key of ["a", "b", "c", "d"]) yield* fail(keyed, key)
      yield* succeed(keyed, "e")
      yield* succeed(keyed, "f")
      assert.strictEqual(yield* keyed.size, 6)
      for (const key of ["a", "b", "c", "d"]) assert.strictEqual(yield* tag(keyed, key), "Open")
      yield* TestClock.adjust("1 second")
      for (const key of ["a", "b", "c", "d"]) yield* succeed(keyed, key)
      for (let i = 0; i < 4; i++) yield* succeed(keyed, "f")
      assert.strictEqual(yield* keyed.size, 2)
    }))

  it.effect("is not used up by breakers that are not closed: other keys keep what they have counted", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make<string>(
        (name) => ({ name, trip: Trip.consecutive(name.startsWith("down") ? 1 : 2) }),
        { capacity: 2 }
      )
      yield* fail(keyed, "a")
      for (let key = 0; key < 10; key++) yield* fail(keyed, `down ${key}`)
      yield* fail(keyed, "a")
      assert.strictEqual(yield* tag(keyed, "a"), "Open")
      yield* fail(keyed, "b")
      yield* succeed(keyed, "c")
      yield* fail(keyed, "b")
      assert.strictEqual(yield* tag(keyed, "b"), "Open")
    }))

  it.effect("of failing keys is maxOpen: removes the least recently used one, unless it was opened manually", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ capacity: 1, maxOpen: 3 })
      yield* Effect.scoped(Effect.flatMap(keyed.get("by hand"), (breaker) => breaker.forceOpen))
      for (let key = 0; key < 100; key++) yield* fail(keyed, `${key}`)
      assert.isAtMost(yield* keyed.size, 6)
      const keys = yield* keyed.keys
      assert.includeMembers([...keys], ["by hand", "99", "98"])
      assert.notInclude(keys, "50")
      const exit = yield* Effect.exit(KeyedCircuitBreaker.make(() => ({ name: "none" }), { maxOpen: 0 }))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RangeError)
    }))

  it.effect("does not matter for `keys` and `remove`, which work in any state", () =>
    Effect.gen(function*() {
      const keyed = yield* make({ idleTimeToLive: "1 minute" })
      yield* fail(keyed, "open")
      yield* succeed(keyed, "closed")
      const call = yield* Effect.fork(keyed.protect("busy")(Effect.never))
      yield* settle
      assert.sameMembers([...yield* keyed.keys], ["open", "closed", "busy"])
      for (const key of ["open", "busy"]) assert.isTrue(yield* keyed.remove(key))
      assert.isFalse(yield* keyed.remove("open"))
      assert.deepStrictEqual(yield* keyed.keys, ["closed"])
      assert.strictEqual(yield* tag(keyed, "open"), "Closed")
      yield* Fiber.interrupt(call)
      yield* TestClock.adjust("1 hour")
      yield* succeed(keyed, "closed")
      assert.deepStrictEqual(yield* keyed.keys, ["closed"])
    }))

  it.effect("is 1000 by default", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make((key: number) => ({ name: key < 0 ? "negative" : "many" }))
      for (let key = 0; key < 1010; key++) yield* keyed.protect(key)(Effect.void)
      assert.strictEqual(yield* keyed.size, 1000)
    }))

  it.effect.prop(
    "never removes a breaker in use or not closed, for any events, and removes the others when idle",
    [
      FastCheck.array(
        FastCheck.record({
          key: FastCheck.constantFrom("a", "b", "c", "d", "e"),
          what: FastCheck.constantFrom("succeed" as const, "fail" as const, "hold" as const, "drop" as const),
          passed: FastCheck.constantFrom(0, 1, 500, 1000, 5000)
        }),
        { maxLength: 40, size: "max" }
      )
    ],
    ([events]) =>
      Effect.gen(function*() {
        const keyed = yield* make({ capacity: 2, idleTimeToLive: "5 seconds" })
        const known = new Map<string, CircuitBreaker.CircuitBreaker>()
        const held = new Map<string, Scope.CloseableScope>()
        let now = 0
        const until = new Map<string, number>()
        const failed = new Set<string>()
        for (const { key, passed, what } of events) {
          now += passed
          yield* TestClock.adjust(passed)
          const breaker = yield* Effect.scoped(keyed.get(key))
          const mustBeKnown = held.has(key) || failed.has(key)
          if (mustBeKnown) assert.strictEqual(breaker, known.get(key))
          known.set(key, breaker)
          if (what === "succeed" || what === "fail") {
            const exit = yield* Effect.exit(keyed.protect(key)(what === "fail" ? boom : Effect.void))
            const refused = Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof CircuitBreaker.CircuitOpen
            assert.strictEqual(refused, (until.get(key) ?? 0) > now)
            if (refused) continue
            if (what === "succeed") {
              failed.delete(key)
              continue
            }
            failed.add(key)
            until.set(key, now + 1000)
          } else if (what === "hold" && !held.has(key)) {
            const scope = yield* Scope.make()
            held.set(key, scope)
            yield* Scope.extend(keyed.get(key), scope)
          } else if (what === "drop") {
            const scope = held.get(key)
            held.delete(key)
            if (scope !== undefined) yield* Scope.close(scope, Exit.void)
          }
        }
        for (const scope of held.values()) yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("1 hour")
        for (const key of failed) yield* succeed(keyed, key)
        yield* TestClock.adjust("1 hour")
        for (let i = 0; i < 6; i++) yield* succeed(keyed, "z")
        assert.strictEqual(yield* keyed.size, 1)
      }),
    { fastCheck: { numRuns: 30 } }
  )
})

describe("An interrupt at every yield point", () => {
  it.effect(
    "leaves no breaker in use",
    () =>
      interruptEverywhere(Effect.map(make({ idleTimeToLive: "1 minute" }), (keyed) => ({
        victim: keyed.protect("a")(Effect.yieldNow()),
        meanwhile: settle,
        verify: Effect.gen(function*() {
          yield* TestClock.adjust("1 hour")
          yield* succeed(keyed, "b")
          assert.strictEqual(yield* keyed.size, 1)
        })
      })))
  )
})

describe("Invalid options", () => {
  it.effect("are a defect", () =>
    Effect.gen(function*() {
      assertFailure(
        yield* Effect.exit(make({ capacity: 0 })),
        Cause.die(
          new RangeError(
            `KeyedCircuitBreaker: capacity must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`
          )
        )
      )
      const keyed = yield* KeyedCircuitBreaker.make((name: string) => ({ name, halfOpen: { permits: 0 } }))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(keyed.protect("a")(Effect.void))))
      assert.strictEqual(yield* keyed.size, 0)
    }))
})
