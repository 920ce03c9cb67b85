import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import * as FaultDraw from "../src/engine/internal/faultDraw.js"
import { Faults } from "../src/index.js"

const frequencies = (faults: Faults.Faults, requests: number) => {
  const counts = new Map<Faults.Kind | "fine", number>()
  for (let sequence = 0; sequence < requests; sequence++) {
    const kind = FaultDraw.draw(faults, "seed", sequence).kind ?? "fine"
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return (kind: Faults.Kind | "fine") => (counts.get(kind) ?? 0) / requests
}

describe("Faults", () => {
  it("affects requests at the given rates", () => {
    const rate = frequencies(Faults.make({ refused: 0.1, http500: 0.25, redirect: 0.05 }), 20_000)
    assert.approximately(rate("refused"), 0.1, 0.01)
    assert.approximately(rate("http500"), 0.25, 0.01)
    assert.approximately(rate("redirect"), 0.05, 0.01)
    assert.approximately(rate("fine"), 0.6, 0.01)
    assert.strictEqual(rate("reset"), 0)
  })

  it("affects every request at a rate of one, and none without faults", () => {
    assert.strictEqual(frequencies(Faults.make({ reset: 1 }), 1000)("reset"), 1)
    assert.strictEqual(frequencies(Faults.none, 1000)("fine"), 1)
    const tenths = Faults.make({
      refused: 0.1,
      reset: 0.1,
      drop: 0.1,
      http500: 0.1,
      http503: 0.1,
      http429: 0.1,
      malformed: 0.1,
      truncated: 0.1,
      slowBody: 0.1,
      oversized: 0.1
    })
    assert.strictEqual(frequencies(tenths, 1000)("fine"), 0)
  })

  it("draws the same faults for the same seed and sequence, and latencies within the range", () => {
    const faults = Faults.make({ http500: 0.5, latency: { min: "20 millis", max: "250 millis" } })
    const draws = (seed: string) => Array.from({ length: 500 }, (_, sequence) => FaultDraw.draw(faults, seed, sequence))
    assert.deepStrictEqual(draws("a"), draws("a"))
    assert.notDeepEqual(draws("a"), draws("b"))
    const latencies = draws("a").map(({ latency }) => latency)
    assert.isAtLeast(Math.min(...latencies), 20)
    assert.isBelow(Math.min(...latencies), 30)
    assert.isAtMost(Math.max(...latencies), 250)
    assert.isAbove(Math.max(...latencies), 240)
    assert.strictEqual(FaultDraw.draw(Faults.make({ latency: "70 millis" }), "a", 1).latency, 70)
  })

  it("flaky fails about a third of the requests, so that five attempts nearly always succeed", () => {
    const failed = 1 - frequencies(Faults.flaky, 20_000)("fine")
    assert.approximately(failed, 1 / 3, 0.02)
    assert.isBelow(failed ** 5, 0.005)
  })

  it("outage fails every request", () => {
    assert.strictEqual(frequencies(Faults.outage, 20_000)("fine"), 0)
  })

  it("applies a phase from its start until just before its end", () => {
    const faults = Faults.make({
      http500: 0.1,
      phases: [
        { from: "10 seconds", to: "20 seconds", faults: Faults.outage },
        { from: "1 minutes", faults: Faults.none }
      ]
    })
    const during = (elapsed: number) => FaultDraw.at(faults, elapsed, "GET", "/")
    assert.strictEqual(during(9999), faults)
    assert.strictEqual(during(10_000), Faults.outage)
    assert.strictEqual(during(19_999), Faults.outage)
    assert.strictEqual(during(20_000), faults)
    assert.strictEqual(during(60_000), Faults.none)
    assert.strictEqual(during(1e12), Faults.none)
  })

  it("applies to a route by method, and to the paths below it", () => {
    const orders = Faults.make({ http503: 1 })
    const faults = Faults.make({ routes: [{ path: "/api/v3/order", method: "POST", faults: orders }] })
    assert.strictEqual(FaultDraw.at(faults, 0, "POST", "/api/v3/order"), orders)
    assert.strictEqual(FaultDraw.at(faults, 0, "POST", "/api/v3/order/test"), orders)
    assert.strictEqual(FaultDraw.at(faults, 0, "POST", "/api/v3/orders"), faults)
    assert.strictEqual(FaultDraw.at(faults, 0, "GET", "/api/v3/order"), faults)
    const within = Faults.make({ phases: [{ from: 0, faults }] })
    assert.strictEqual(FaultDraw.at(within, 0, "POST", "/api/v3/order"), orders)
  })

  it("accepts a clock ahead or behind", () => {
    assert.strictEqual(Faults.make({ clockSkew: { ahead: "5 minutes" } }).clockSkew, 300_000)
    assert.strictEqual(Faults.make({ clockSkew: { behind: "5 minutes" } }).clockSkew, -300_000)
  })

  it.prop("rejects invalid rates", [FastCheck.constantFrom(-0.1, 1.1, Number.NaN, Infinity)], ([rate]) => {
    assert.throws(() => Faults.make({ reset: rate }), RangeError, /"reset" must be between 0 and 1/)
  })

  it("rejects durations that are negative or no number, and names them", () => {
    const faults = Faults.none
    for (const invalid of ["-1 seconds", -1, Number.NaN] as const) {
      for (
        const [name, options] of [
          ["latency", { latency: invalid }],
          ["latency.min", { latency: { min: invalid, max: 1 } }],
          ["latency.max", { latency: { min: 0, max: invalid } }],
          ["pause", { pause: invalid }],
          ["clockSkew.ahead", { clockSkew: { ahead: invalid } }],
          ["clockSkew.behind", { clockSkew: { behind: invalid } }],
          ["orderLag", { orderLag: invalid }],
          ["phases.from", { phases: [{ from: invalid, faults }] }],
          ["phases.to", { phases: [{ from: 0, to: invalid, faults }] }]
        ] as const
      ) assert.throws(() => Faults.make(options), RangeError, `${name} must be a duration of at least 0`)
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Faults.FromJson)({ orderLag: invalid })))
    }
  })

  it("rejects rates that add up to more than one", () => {
    assert.throws(() => Faults.make({ reset: 0.6, drop: 0.6 }), RangeError, /at most 1/)
  })
})
