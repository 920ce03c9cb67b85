import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Ref, TestClock } from "effect"
import * as Alarm from "../src/internal/alarm.js"
import { countingClock } from "./support/countingClock.js"
import { settle } from "./support/interruption.js"

const millis = (millis: number) => BigInt(millis) * 1_000_000n

/** Creates an alarm and records the times at which it rings. */
const make = Effect.gen(function*() {
  const rung = yield* Ref.make<ReadonlyArray<number>>([])
  const alarm = Alarm.make(
    Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.update(rung, (all) => [...all, now]))
  )
  return { alarm, rung: Ref.get(rung) }
})

describe("Alarm", () => {
  it.effect("rings once, at the exact instant", () =>
    Effect.gen(function*() {
      const { alarm, rung } = yield* make
      yield* alarm.set(millis(100))
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(yield* rung, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* rung, [100])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* rung, [100])
    }))

  it.effect("rings only at the instant that was set last, and not at all once it is turned off", () =>
    Effect.gen(function*() {
      const { alarm, rung } = yield* make
      yield* alarm.set(millis(100))
      yield* alarm.set(millis(50))
      yield* TestClock.adjust("60 millis")
      yield* alarm.set(millis(100))
      yield* alarm.set(millis(200))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* rung, [50, 200])
      yield* alarm.set(millis(2000))
      yield* alarm.set(undefined)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* rung, [50, 200])
    }))

  it.effect("rings at an instant beyond the longest timer, and not when that timer ends", () =>
    Effect.gen(function*() {
      const { alarm, rung } = yield* make
      const days = Duration.toMillis("60 days")
      yield* alarm.set(millis(days))
      yield* TestClock.adjust(days - 1)
      assert.deepStrictEqual(yield* rung, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* rung, [days])
    }))

  it.effect("has at most one sleeping fiber, and none while no instant is set", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const { alarm } = yield* make
      for (const at of [100, 100, 50, 100]) yield* counted(Effect.zipRight(alarm.set(millis(at)), settle))
      assert.deepStrictEqual(timers, { slept: 3, sleeping: 1 })
      yield* counted(Effect.zipRight(alarm.set(undefined), settle))
      assert.deepStrictEqual(timers, { slept: 3, sleeping: 0 })
      yield* counted(Effect.all([alarm.set(millis(100)), alarm.set(undefined)]))
      yield* settle
      assert.strictEqual(timers.sleeping, 0)
    }))
})
