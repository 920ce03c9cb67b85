import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Kept from "../src/internal/kept.js"
import * as Scripted from "./support/scripted.js"

type Event = "load" | "success" | "unreachable" | "malformed" | "refused" | "late"

const errors = { unreachable: Scripted.unreachable, malformed: Scripted.malformed, refused: Scripted.refused }

const event = FastCheck.tuple(
  FastCheck.constantFrom<Event>("load", "load", "load", "success", "unreachable", "malformed", "refused", "late"),
  FastCheck.integer({ min: 0, max: 8_000 })
)

const times = FastCheck.record({
  timeToLive: FastCheck.integer({ min: 0, max: 20_000 }),
  staleFor: FastCheck.integer({ min: 0, max: 40_000 })
})

describe("what is kept", () => {
  it("is never used when it is too old or was refused, and is the last that was read", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(event, { maxLength: 60 }), times, (events, times) => {
      let kept: Kept.Kept<number> = Kept.nothing
      let now = 0
      let last: { readonly at: number } | undefined
      for (const [event, after] of events) {
        now += after
        if (event === "success") {
          kept = Kept.succeeded(now, now)
          last = { at: now }
        } else if (event === "late") {
          kept = Kept.late(kept, now)
        } else if (event !== "load") {
          kept = Kept.failed(kept, errors[event], now, times)
          if (event === "refused") last = undefined
        }
        const verdict = Kept.decide(kept, now, times)
        if ("secrets" in verdict) {
          assert.strictEqual(verdict.secrets, last?.at)
          assert.isBelow(now - verdict.secrets, Math.max(times.timeToLive, times.staleFor))
        }
        // Somebody who asks gets an answer, and the source is asked sooner or later.
        const later = Kept.decide(kept, now + 60_000, times)
        assert.include(["Ask", "AskPatiently", "AskBehind"], later._tag)
        if (last !== undefined && now - last.at < times.timeToLive) {
          assert.isTrue(verdict._tag === "Use" || times.staleFor <= now - last.at)
        }
      }
    }))
  })
})
