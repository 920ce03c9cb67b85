import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, FastCheck, Random } from "effect"
import * as hedge from "../src/internal/hedge.js"
import * as latencies from "../src/internal/latencies.js"

describe("The state machine of Hedge", () => {
  const events = FastCheck.array(
    FastCheck.record({
      consequence: FastCheck.constantFrom(
        "due" as const,
        "next" as const,
        "next" as const,
        "wait" as const,
        "fail" as const
      ),
      refused: FastCheck.boolean(),
      affordable: FastCheck.boolean()
    }),
    { maxLength: 20 }
  )

  it.prop(
    "agrees with decisions computed from the whole history of the call",
    [events, FastCheck.integer({ min: 1, max: 4 })],
    ([events, maxHedges]) => {
      let state: hedge.State<number> = hedge.make(maxHedges)
      let started = 1
      let ended = 0
      let over = false
      const failures: Array<{ readonly error: number; readonly refused: boolean }> = []
      const last = () => (failures.findLast(({ refused }) => !refused) ?? failures.at(-1))?.error

      for (const [error, { affordable, refused, consequence }] of events.entries()) {
        if (consequence !== "due") {
          ended++
          failures.push({ error, refused })
          over ||= consequence !== "next"
        }
        const mayHedge = !over && started <= maxHedges
        const [next, decision] = hedge.step(
          state,
          consequence === "due"
            ? { _tag: "Due" }
            : { _tag: "Failed", consequence, failure: { cause: Cause.fail(error), refused } }
        )
        state = next
        let final = decision
        if (decision._tag === "Hedge") {
          assert.isTrue(mayHedge)
          if (affordable) started++
          else over = true
          ;[state, final] = hedge.step(state, { _tag: affordable ? "Started" : "Denied" })
        } else {
          assert.isTrue(!mayHedge)
        }
        assert.strictEqual(state.inFlight, started - ended)
        if (consequence === "fail") {
          assert.deepStrictEqual(final, { _tag: "Fail", cause: Cause.fail(error) })
          return
        }
        if (started === ended) {
          assert.deepStrictEqual(final, { _tag: "Fail", cause: Cause.fail(last() ?? NaN) })
          return
        }
        assert.deepStrictEqual(final, { _tag: "Wait" })
      }
    }
  )
})

describe("The latencies of Hedge", () => {
  const milli = 1_000_000

  const commands = FastCheck.array(
    FastCheck.record({
      millis: FastCheck.double({ min: 0.02, max: 1e6, noNaN: true }),
      wait: FastCheck.oneof(
        { weight: 5, arbitrary: FastCheck.integer({ min: 0, max: 20 }) },
        { weight: 1, arbitrary: FastCheck.integer({ min: 0, max: 500 }) }
      )
    }),
    { minLength: 1, maxLength: 100 }
  )

  it.prop(
    "quantiles agree with a sorted list of the last six slots, within the accuracy",
    [commands, FastCheck.double({ min: 0.01, max: 0.99, noNaN: true })],
    ([commands, quantile]) => {
      const state = latencies.make(60n)
      const recorded: Array<{ readonly slot: number; readonly latency: number }> = []
      let now = 0
      for (const { millis, wait } of commands) {
        now += wait
        const latency = Math.ceil(millis * milli)
        latencies.record(state, BigInt(latency), BigInt(now))
        recorded.push({ slot: Math.floor(now / 10), latency })
        const current = recorded
          .filter(({ slot }) => Math.floor(now / 10) - slot < 6)
          .map(({ latency }) => latency)
          .toSorted((a, b) => a - b)
        assert.strictEqual(latencies.count(state, BigInt(now)), current.length)
        const expected = current[Math.max(1, Math.ceil(quantile * current.length)) - 1] ?? NaN
        const estimate = latencies.quantile(state, quantile, BigInt(now))
        assert.approximately(estimate, expected, expected * latencies.accuracy * 1.0001)
      }
    }
  )

  it("an idle period clears them, on reading and on recording, and a clock that steps back does not", () => {
    const state = latencies.make(60n)
    for (let n = 0; n < 100; n++) latencies.record(state, BigInt(5 * milli), 1000n)
    assert.strictEqual(latencies.count(state, 1049n), 100)
    assert.strictEqual(latencies.count(state, 1060n), 0)
    assert.strictEqual(latencies.quantile(state, 0.5, 1060n), 0)
    for (let n = 0; n < 100; n++) latencies.record(state, BigInt(5 * milli), 2000n)
    latencies.record(state, BigInt(milli), 1_000_000n)
    assert.strictEqual(latencies.count(state, 1_000_000n), 1)
    assert.strictEqual(latencies.count(state, 10n), 1)
    assert.strictEqual(latencies.count(state, 1_000_000n), 1)
  })

  it("a million latencies take no more memory than one (opossum sorts them each time)", () => {
    const state = latencies.make(60n)
    const size = () => state.totals.length + state.slots.reduce((sum, slot) => sum + slot.length, 0)
    latencies.record(state, BigInt(milli), 0n)
    const before = size()
    for (let n = 0; n < 1_000_000; n++) latencies.record(state, BigInt((1 + n % 1000) * milli), 0n)
    assert.strictEqual(size(), before)
    assert.approximately(latencies.quantile(state, 0.95, 0n), 950 * milli, 950 * milli * latencies.accuracy)
  })

  it.effect(
    "winning hedges do not lower the percentile, which would cause ever more hedges",
    () =>
      Effect.gen(function*() {
        const random = Random.make("latencies")
        const draw = Effect.map(
          Effect.all([random.next, random.next]),
          // Log-normal around 20 ms, with a tail.
          ([u, v]) => 20 * milli * Math.exp(Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v))
        )

        /** The fraction of 5,000 calls that are hedged at the 95th percentile, after 15,000 recorded calls. */
        const hedged = (isObserved: typeof hedge.isObserved) =>
          Effect.gen(function*() {
            const state = latencies.make(BigInt(milli * 1e6))
            let hedges = 0
            for (let call = 0; call < 20_000; call++) {
              const delay = call < 20 ? 20 * milli : latencies.quantile(state, 0.95, 0n)
              const first = yield* draw
              const second = delay + (yield* draw)
              if (first > delay && call >= 15_000) hedges++
              const lost = first > second
              const elapsed = BigInt(Math.ceil(lost ? second : first))
              if (isObserved(lost ? "given up" : "succeeded", elapsed, BigInt(Math.ceil(delay)))) {
                latencies.record(state, elapsed, 0n)
              }
            }
            return hedges / 5000
          })

        const rate = yield* hedged(hedge.isObserved)
        assert.approximately(rate, 0.05, 0.02)
        assert.isAbove(yield* hedged((first) => first === "succeeded"), 2 * rate)
      }),
    30_000
  )
})
