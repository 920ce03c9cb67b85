import { Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { throws } from "@effect/vitest/utils"
import { Duration, FastCheck } from "effect"

const record = (trip: Trip.Trip, verdicts: string): ReadonlyArray<Trip.Reason | undefined> => {
  const window = trip.window()
  return Array.from(verdicts, (verdict) => window.record(verdict === "x" ? "failure" : "success"))
}

/** The number of calls after which the rule trips, or -1. */
const tripsAfter = (trip: Trip.Trip, verdicts: string): number =>
  record(trip, verdicts).findIndex((reason) => reason !== undefined) + 1 || -1

const refused = (make: () => Trip.Trip, message: string) => throws(make, new RangeError(message))

describe("Trip.consecutive", () => {
  it("trips at exactly the given number of failures in a row", () => {
    assert.strictEqual(tripsAfter(Trip.consecutive(3), "xx"), -1)
    assert.strictEqual(tripsAfter(Trip.consecutive(3), "xxx"), 3)
    assert.deepStrictEqual(record(Trip.consecutive(1), "x"), [{ _tag: "ConsecutiveFailures", failures: 1 }])
  })

  it("starts again after a success", () => {
    assert.strictEqual(tripsAfter(Trip.consecutive(3), "xx.xx.xx"), -1)
    assert.strictEqual(tripsAfter(Trip.consecutive(3), "xx.xxx"), 6)
  })

  it("counts only the current run of failures", () => {
    const window = Trip.consecutive(3).window()
    for (const verdict of ["failure", "success", "failure", "failure"] as const) window.record(verdict)
    assert.deepStrictEqual([window.calls(), window.failures()], [2, 2])
  })
})

describe("Trip.failureRate", () => {
  it("trips at exactly the threshold (>=)", () => {
    const trip = Trip.failureRate({ threshold: 0.5, window: 10, minimumCalls: 4 })
    assert.strictEqual(tripsAfter(trip, "..x."), -1)
    assert.deepStrictEqual(record(trip, "..xx").at(-1), { _tag: "FailureRate", calls: 4, failures: 2, rate: 0.5 })
  })

  it("does not trip with fewer than the minimum number of calls", () => {
    const trip = Trip.failureRate({ threshold: 0.5, window: 10, minimumCalls: 5 })
    assert.strictEqual(tripsAfter(trip, "xxxx"), -1)
    assert.strictEqual(tripsAfter(trip, "xxxxx"), 5)
  })

  it("is not evaluated after a success", () => {
    const trip = Trip.failureRate({ threshold: 0.5, window: 10, minimumCalls: 4 })
    assert.strictEqual(tripsAfter(trip, "xxx."), -1)
    assert.strictEqual(tripsAfter(trip, "xxx.x"), 5)
  })

  it("forgets calls that have left the window", () => {
    const trip = Trip.failureRate({ threshold: 0.5, window: 4, minimumCalls: 4 })
    assert.strictEqual(tripsAfter(trip, "x....x"), -1)
    assert.strictEqual(tripsAfter(trip, "x..x"), 4)
  })

  it("defaults to 50 % of 100 calls, at least 20, or all of a smaller window", () => {
    assert.strictEqual(tripsAfter(Trip.failureRate(), "x".repeat(30)), 20)
    assert.strictEqual(tripsAfter(Trip.failureRate(), ".".repeat(100) + "x".repeat(100)), 150)
    assert.strictEqual(tripsAfter(Trip.failureRate({ window: 5 }), "x".repeat(30)), 5)
  })

  it.prop(
    "agrees with recounting the latest calls",
    [
      FastCheck.array(FastCheck.boolean(), { maxLength: 60, size: "max" }),
      FastCheck.integer({ min: 1, max: 12 }),
      FastCheck.integer({ min: 1, max: 12 }),
      FastCheck.integer({ min: 1, max: 20 })
    ],
    ([failed, size, minimum, twentieths]) => {
      const minimumCalls = Math.min(minimum, size)
      const threshold = twentieths / 20
      const window = Trip.failureRate({ threshold, window: size, minimumCalls }).window()
      failed.forEach((fails, index) => {
        const reason = window.record(fails ? "failure" : "success")
        const latest = failed.slice(Math.max(0, index + 1 - size), index + 1)
        const failures = latest.filter((x) => x).length
        assert.deepStrictEqual([window.calls(), window.failures()], [latest.length, failures])
        const expected = fails && latest.length >= minimumCalls && failures / latest.length >= threshold
        assert.strictEqual(reason !== undefined, expected)
      })
    }
  )
})

describe("Trip.any", () => {
  it("trips when one rule does", () => {
    const trip = Trip.any(
      Trip.consecutive(3),
      Trip.failureRate({ threshold: 0.5, window: 10, minimumCalls: 6 })
    )
    assert.strictEqual(tripsAfter(trip, "xxx"), 3)
    assert.strictEqual(tripsAfter(trip, "x.x.xx"), 6)
  })

  it("passes every call to every rule, even if an earlier rule trips", () => {
    const window = Trip.any(Trip.consecutive(1), Trip.consecutive(3)).window()
    const own = Trip.any(Trip.consecutive(3), Trip.consecutive(1)).window()
    for (let i = 0; i < 2; i++) {
      window.record("failure")
      assert.deepStrictEqual(own.record("failure"), { _tag: "ConsecutiveFailures", failures: i + 1 })
    }
    assert.deepStrictEqual(own.record("failure"), { _tag: "ConsecutiveFailures", failures: 3 })
    assert.strictEqual(window.calls(), 2)
  })

  it("reports the counts of the fullest window", () => {
    const window = Trip.any(Trip.consecutive(5), Trip.failureRate()).window()
    for (const verdict of ["success", "failure", "success", "failure"] as const) window.record(verdict)
    assert.deepStrictEqual([window.calls(), window.failures()], [4, 2])
  })
})

describe("Trip.all", () => {
  it("trips when all rules do at the same call, with their reasons", () => {
    const trip = Trip.all(Trip.consecutive(2), Trip.failureRate({ threshold: 0.5, window: 10, minimumCalls: 4 }))
    assert.strictEqual(tripsAfter(trip, "xxx"), -1)
    assert.strictEqual(tripsAfter(trip, "x.x.x.x."), -1)
    assert.deepStrictEqual(record(trip, "x.xx").at(-1), {
      _tag: "All",
      reasons: [
        { _tag: "ConsecutiveFailures", failures: 2 },
        { _tag: "FailureRate", calls: 4, failures: 3, rate: 0.75 }
      ]
    })
  })

  it("passes every call to every rule, even if an earlier rule does not trip", () => {
    const window = Trip.all(Trip.consecutive(3), Trip.consecutive(1)).window()
    for (let i = 0; i < 2; i++) assert.strictEqual(window.record("failure"), undefined)
    assert.strictEqual(window.record("failure")?._tag, "All")
    assert.strictEqual(window.calls(), 3)
  })

  it("can be combined with Trip.any in both directions", () => {
    const both = Trip.all(Trip.consecutive(2), Trip.failureRate({ window: 10, minimumCalls: 4 }))
    assert.strictEqual(tripsAfter(Trip.any(Trip.consecutive(3), both), "xxx"), 3)
    assert.strictEqual(tripsAfter(Trip.any(Trip.consecutive(3), both), "..xx"), 4)
    assert.strictEqual(tripsAfter(Trip.all(Trip.any(Trip.consecutive(3), both), Trip.consecutive(1)), "..xx"), 4)
  })

  it.prop(
    "trips when every rule alone would, and Trip.any when some rule alone would",
    [FastCheck.array(FastCheck.boolean(), { maxLength: 40, size: "max" }), FastCheck.integer({ min: 1, max: 5 })],
    ([failed, run]) => {
      const rules = [Trip.consecutive(run), Trip.failureRate({ threshold: 0.6, window: 5, minimumCalls: 3 })] as const
      const own = rules.map((rule) => rule.window())
      const any = Trip.any(...rules).window()
      const all = Trip.all(...rules).window()
      for (const fails of failed) {
        const verdict = fails ? "failure" : "success"
        const reasons = own.map((window) => window.record(verdict) !== undefined)
        assert.strictEqual(any.record(verdict) !== undefined, reasons.includes(true))
        assert.strictEqual(all.record(verdict) !== undefined, !reasons.includes(false))
      }
    }
  )
})

describe("The slowAfter of combined rules", () => {
  const slow = (duration: number) => Trip.slowCallRate({ duration })
  const after = (trip: Trip.Trip) => trip.slowAfter === undefined ? undefined : Duration.toMillis(trip.slowAfter)

  it("is the minimum for Trip.any, and the maximum for Trip.all", () => {
    assert.strictEqual(after(Trip.consecutive(1)), undefined)
    assert.strictEqual(after(Trip.any(slow(200), slow(100), Trip.consecutive(1))), 100)
    assert.strictEqual(after(Trip.all(slow(200), slow(300), slow(100))), 300)
    assert.strictEqual(after(Trip.all(slow(200), Trip.consecutive(1))), undefined)
    assert.strictEqual(after(Trip.any(Trip.consecutive(1), Trip.failureRate())), undefined)
  })
})

describe("The windows of a rule", () => {
  it("are independent of each other", () => {
    const trip = Trip.any(Trip.consecutive(2), Trip.failureRate())
    trip.window().record("failure")
    assert.strictEqual(trip.window().record("failure"), undefined)
  })
})

describe("Invalid options of a rule", () => {
  it("throw a RangeError", () => {
    refused(
      () => Trip.consecutive(0),
      `Trip.consecutive: failures must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`
    )
    refused(
      () => Trip.failureRate({ threshold: 50 }),
      "Trip.failureRate: threshold must be greater than 0 and at most 1, got 50"
    )
    refused(
      () => Trip.failureRate({ window: 5, minimumCalls: 6 }),
      "Trip.failureRate: minimumCalls must be a whole number from 1 to 5, got 6"
    )
    refused(
      () => Trip.slowCallRate({ duration: 0 }),
      "Trip.slowCallRate: duration must be finite and longer than 0, got 0"
    )
    refused(
      () => Trip.slowCallRate({ duration: "1 second", minimumCalls: 101 }),
      "Trip.slowCallRate: minimumCalls must be a whole number from 1 to 100, got 101"
    )
    throws(() => Trip.slowCallRate({ duration: Duration.infinity }))
    for (const threshold of [0, Number.NaN, -1]) throws(() => Trip.failureRate({ threshold }))
    for (const window of [0, 1.5, Number.NaN]) throws(() => Trip.failureRate({ window }))
  })
})
