import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as CacheState from "../src/internal/cacheState.js"
import * as Scripted from "./support/scriptedSource.js"

type Event = "load" | "success" | "unreachable" | "malformed" | "refused" | "slow"

const errors = { unreachable: Scripted.unreachable, malformed: Scripted.malformed, refused: Scripted.refused }

const event = FastCheck.tuple(
  FastCheck.constantFrom<Event>("load", "load", "load", "success", "unreachable", "malformed", "refused", "slow"),
  FastCheck.integer({ min: 0, max: 8_000 })
)

const times = FastCheck.record({
  timeToLive: FastCheck.integer({ min: 0, max: 20_000 }),
  staleFor: FastCheck.integer({ min: 0, max: 40_000 })
})

describe("The cache state", () => {
  it("never uses secrets that are too old or were refused, and uses the ones read last", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(event, { maxLength: 60 }), times, (events, times) => {
      let cacheState: CacheState.CacheState<number> = CacheState.empty
      let now = 0
      let last: { readonly at: number } | undefined
      for (const [event, after] of events) {
        now += after
        if (event === "success") {
          cacheState = CacheState.succeeded(now, now)
          last = { at: now }
        } else if (event === "slow") {
          cacheState = CacheState.slow(cacheState, now)
        } else if (event !== "load") {
          cacheState = CacheState.failed(cacheState, errors[event], now, times)
          if (event === "refused") last = undefined
        }
        const verdict = CacheState.decide(cacheState, now, times)
        if ("secrets" in verdict) {
          assert.strictEqual(verdict.secrets, last?.at)
          assert.isBelow(now - verdict.secrets, Math.max(times.timeToLive, times.staleFor))
        }
        // The source is called again sooner or later.
        const later = CacheState.decide(cacheState, now + 60_000, times)
        assert.include(["Read", "ReadWithFallback", "ReadInBackground"], later._tag)
        if (last !== undefined && now - last.at < times.timeToLive) {
          assert.isTrue(verdict._tag === "Use" || times.staleFor <= now - last.at)
        }
      }
    }))
  })
})
