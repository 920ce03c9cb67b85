import { Trip, Window } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { throws } from "@effect/vitest/utils"
import { Duration, FastCheck } from "effect"

/** A window with a rule that trips only if all calls fail, so that its counts can be tested. */
const countingWindow = (window: Window.Window) => Trip.failureRate({ window, threshold: 1, minimumCalls: 1 }).window()

const refused = (make: () => Window.Window, message: string) => throws(make, new RangeError(message))

const hour = 3_600_000

describe("Window.count", () => {
  it("does not need the time", () => {
    assert.isNotOk(countingWindow(Window.count(10)).timed)
    assert.isNotOk(Trip.any(Trip.consecutive(1), Trip.failureRate({ window: Window.count(10) })).window().timed)
  })

  it("is the same as a plain number", () => {
    const verdicts = Array.from({ length: 20 }, (_, i) => i % 3 === 0 ? "failure" as const : "success" as const)
    const [number, window] = [7, Window.count(7)].map((window) =>
      Trip.failureRate({ window, minimumCalls: 3 }).window()
    )
    for (const verdict of verdicts) assert.deepStrictEqual(number?.record(verdict), window?.record(verdict))
    assert.strictEqual(number?.calls(), 7)
  })
})

describe("Window.time", () => {
  it("needs the time, and so do rules that contain it", () => {
    const trip = Trip.failureRate({ window: Window.time("1 second") })
    assert.isTrue(trip.window().timed)
    assert.isTrue(Trip.all(Trip.any(Trip.consecutive(1), trip), Trip.consecutive(1)).window().timed)
  })

  it("has 10 buckets by default", () => {
    assert.deepStrictEqual(Window.time("10 seconds"), { _tag: "Time", duration: Duration.seconds(10), buckets: 10 })
  })

  it("removes a call exactly when its bucket expires", () => {
    const window = countingWindow(Window.time("10 seconds", { buckets: 10 }))
    window.record("failure", 999)
    assert.deepStrictEqual([window.calls(9999), window.failures(9999)], [1, 1])
    assert.deepStrictEqual([window.calls(10_000), window.failures(10_000)], [0, 0])
  })

  it("is cleared by idle time: a failure an hour after 80 of 100 calls failed does not trip", () => {
    const rule = Trip.failureRate({ window: Window.time("10 seconds"), threshold: 0.8, minimumCalls: 100 })
    const [idle, busy] = [rule.window(), rule.window()]
    for (const window of [idle, busy]) {
      for (let i = 0; i < 100; i++) assert.strictEqual(window.record(i < 80 ? "failure" : "success", i), undefined)
    }
    assert.strictEqual(busy.record("failure", 100)?._tag, "FailureRate")
    assert.strictEqual(idle.record("failure", hour), undefined)
    assert.deepStrictEqual([idle.calls(hour), idle.failures(hour)], [1, 1])
  })

  it("is cleared by idle time when it is read too", () => {
    const window = countingWindow(Window.time("10 seconds"))
    window.record("failure", 0)
    assert.deepStrictEqual([window.failures(hour), window.calls(hour)], [0, 0])
  })

  it("is cleared after an idle time of years", () => {
    const window = countingWindow(Window.time("10 seconds", { buckets: 10_000 }))
    for (let year = 0; year < 100; year++) window.record("failure", year * 365 * 24 * hour)
    assert.strictEqual(window.calls(), 1)
  })

  it("is not changed by a clock that steps back", () => {
    const window = countingWindow(Window.time("10 seconds"))
    for (let i = 0; i < 50; i++) window.record("failure", 20_000)
    for (let i = 0; i < 50; i++) window.record("success", 5000)
    assert.deepStrictEqual([window.calls(5000), window.failures(5000)], [100, 50])
    assert.deepStrictEqual([window.calls(29_999), window.failures(29_999)], [100, 50])
    assert.strictEqual(window.calls(30_000), 0)
  })

  it.prop(
    "agrees with recounting the calls of the latest buckets",
    [
      FastCheck.array(FastCheck.tuple(FastCheck.boolean(), FastCheck.integer({ min: -50, max: 400 })), {
        maxLength: 60,
        size: "max"
      }),
      FastCheck.integer({ min: 1, max: 6 }),
      FastCheck.constantFrom(1, 7, 100)
    ],
    ([calls, buckets, width]) => {
      const window = countingWindow(Window.time(Duration.millis(buckets * width), { buckets }))
      const ended: Array<{ readonly failed: boolean; readonly bucket: number }> = []
      let now = 1000
      let latest = Number.NEGATIVE_INFINITY
      for (const [failed, passed] of calls) {
        now += passed
        latest = Math.max(latest, now)
        const bucket = Math.floor(latest / width)
        const counts = (at: number) => {
          const held = ended.filter((call) => call.bucket > Math.floor(at / width) - buckets)
          return [held.length, held.filter(({ failed }) => failed).length]
        }
        assert.deepStrictEqual([window.calls(now), window.failures(now)], counts(latest))
        window.record(failed ? "failure" : "success", now)
        ended.push({ failed, bucket })
        assert.deepStrictEqual([window.calls(), window.failures()], counts(latest))
      }
    }
  )
})

describe("The window of Trip.slowCallRate", () => {
  interface Flight {
    readonly startedAt: number
    readonly end: ReturnType<Trip.Following["begin"]>
  }

  it.prop(
    "agrees with recounting every call, for a count and a time window",
    [
      FastCheck.array(
        FastCheck.record({
          passed: FastCheck.integer({ min: -20, max: 150 }),
          pick: FastCheck.nat(20),
          event: FastCheck.constantFrom(
            "begin" as const,
            "begin" as const,
            "evaluate" as const,
            "success" as const,
            "failure" as const,
            "ignore" as const
          )
        }),
        { maxLength: 80, size: "max" }
      ),
      FastCheck.boolean()
    ],
    ([events, timed]) => {
      const trip = Trip.slowCallRate({
        duration: 100,
        threshold: 0.5,
        minimumCalls: 3,
        window: timed ? Window.time("400 millis", { buckets: 4 }) : 5
      })
      const { following } = trip.window()
      assert(following !== undefined)
      let now = 1000
      let latest = Number.NEGATIVE_INFINITY
      const flights: Array<Flight> = []
      const ended: Array<{ readonly slow: boolean; readonly at: number }> = []
      const expected = () => {
        const held = timed
          ? ended.filter(({ at }) => Math.floor(at / 100) > Math.floor(latest / 100) - 4)
          : ended.slice(-5)
        const overdue = flights.filter(({ startedAt }) => latest - startedAt >= 100).length
        return {
          calls: held.length + overdue,
          slow: held.filter(({ slow }) => slow).length + overdue,
          inFlight: flights.length
        }
      }
      const tooSlow = () => {
        const { calls, slow } = expected()
        return calls >= 3 && slow / calls >= 0.5
          ? { _tag: "SlowCallRate" as const, calls, slow, rate: slow / calls }
          : undefined
      }
      for (const { passed, pick, event } of events) {
        now += passed
        latest = Math.max(latest, now)
        if (event === "begin") {
          flights.push({ startedAt: latest, end: following.begin(now) })
        } else if (event === "evaluate" || flights.length === 0) {
          assert.deepStrictEqual(following.evaluate(now), tooSlow())
        } else {
          const [flight] = flights.splice(pick % flights.length, 1)
          if (flight === undefined) continue
          const reason = flight.end(event, now)
          if (event !== "ignore") ended.push({ slow: latest - flight.startedAt >= 100, at: latest })
          assert.deepStrictEqual(reason, event === "ignore" ? undefined : tooSlow())
        }
        assert.deepStrictEqual(following.slow(now), expected())
      }
    }
  )

  it("examines a hanging call once, when it becomes slow, regardless of the number of evaluations", () => {
    const { following } = Trip.slowCallRate({ duration: 100, minimumCalls: 100 }).window()
    assert(following !== undefined)
    for (let i = 0; i < 50_000; i++) following.begin(0)
    // Examining fifty thousand calls ten thousand times would take minutes.
    for (let i = 0; i < 10_000; i++) assert.strictEqual(following.evaluate(100 + i)?._tag, "SlowCallRate")
    assert.deepStrictEqual(following.slow(20_000), { calls: 50_000, slow: 50_000, inFlight: 50_000 })
  })
})

describe("Invalid options of a window", () => {
  it("throw a RangeError", () => {
    refused(() => Window.count(0), "Window.count: size must be a whole number from 1 to 4294967295, got 0")
    refused(() => Window.time(0), "Window.time: duration must be finite and longer than 0, got 0")
    refused(
      () => Window.time("1 second", { buckets: 0 }),
      "Window.time: buckets must be a whole number from 1 to 10000, got 0"
    )
    throws(() => Window.time(Duration.infinity))
    throws(() => Window.time("1 second", { buckets: 1.5 }))
  })
})
