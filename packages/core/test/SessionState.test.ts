import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import * as SessionState from "../src/engine/internal/sessionState.js"
import type { Credentials } from "../src/index.js"

const credentialsOf = (secret: string): Credentials.Credentials => ({
  key: Redacted.make("key"),
  secret: Redacted.make(secret)
})
const [mine, rotated] = [credentialsOf("one"), credentialsOf("two")]

const opened = (token: string, lasts: number, askedAt = 0, by = mine): SessionState.Event => ({
  _tag: "Opened",
  by,
  token: Redacted.make(token),
  askedAt,
  lasts
})
const refused = (token: string): SessionState.Event => ({ _tag: "Refused", token: Redacted.make(token) })

/** Applies events at their times, and returns after each the token to use and whether to open a session. */
const steps = (...events: ReadonlyArray<readonly [at: number, event: SessionState.Event]>) => {
  let state = SessionState.none
  return events.map(([at, event]) => {
    const step = SessionState.step(state, event, at)
    state = step.state
    return [step.use && Redacted.value(step.use), step.open] as const
  })
}

const ask = (by = mine): SessionState.Event => ({ _tag: "Asked", by })

describe("a session", () => {
  it("is opened if there is none, and again after it has ended", () => {
    assert.deepStrictEqual(
      steps([0, ask()], [5, opened("a", 100)], [6, ask()], [79, ask()], [100, ask()], [100, ask()]),
      [[undefined, true], ["a", false], ["a", false], ["a", false], [undefined, true], [undefined, true]]
    )
  })

  it("is renewed by one of the requests in the last fifth of its lifetime, and used by all of them", () => {
    assert.deepStrictEqual(
      steps([0, opened("a", 100)], [80, ask()], [80, ask()], [89, ask()], [90, ask()], [91, opened("b", 100, 90)], [
        100,
        ask()
      ]),
      [["a", false], ["a", true], ["a", false], ["a", false], ["a", true], ["b", false], ["b", false]]
    )
  })

  it("ends when its token is refused, and not when another token is", () => {
    assert.deepStrictEqual(
      steps([0, opened("a", 100)], [1, refused("b")], [2, ask()], [3, refused("a")], [4, ask()]),
      [["a", false], [undefined, false], ["a", false], [undefined, false], [undefined, true]]
    )
  })

  it("is used only with the credentials it was opened with, compared by value", () => {
    assert.deepStrictEqual(
      steps([0, opened("a", 100)], [1, ask(credentialsOf("one"))], [2, ask(rotated)], [3, ask()]),
      [["a", false], ["a", false], [undefined, true], [undefined, true]]
    )
  })

  it("that lasts forever is never renewed, and one without a lifetime is opened for each request", () => {
    assert.deepStrictEqual(steps([0, opened("a", Infinity)], [1e12, ask()]), [["a", false], ["a", false]])
    assert.deepStrictEqual(steps([0, opened("a", 0)], [0, ask()]), [["a", false], [undefined, true]])
  })
})

const after = FastCheck.integer({ min: 0, max: 60 })
const by = FastCheck.constantFrom("one", "two")
const eventLists = FastCheck.array(
  FastCheck.oneof(
    { weight: 5, arbitrary: FastCheck.record({ _tag: FastCheck.constant("asks" as const), after, by }) },
    FastCheck.record({
      _tag: FastCheck.constant("opens" as const),
      after,
      by,
      lasts: FastCheck.integer({ min: 0, max: 200 })
    }),
    FastCheck.record({
      _tag: FastCheck.constant("refuses" as const),
      after,
      back: FastCheck.integer({ min: 0, max: 3 })
    })
  ),
  { maxLength: 60 }
)

describe("any sequence of events", () => {
  it("uses only the latest token, with the credentials it was opened for, until it ends or is refused", () => {
    FastCheck.assert(FastCheck.property(eventLists, (events) => {
      let [now, state] = [0, SessionState.none]
      const tokens: Array<{ readonly by: string; readonly endsAt: number }> = []
      // The token that may be used: none (0) after other credentials were used, or after it was refused.
      let usable = 0
      for (const event of events) {
        now += event.after
        switch (event._tag) {
          case "opens": {
            tokens.push({ by: event.by, endsAt: now + event.lasts })
            const step = SessionState.step(
              state,
              opened(String(tokens.length), event.lasts, now, credentialsOf(event.by)),
              now
            )
            state = step.state
            usable = tokens.length
            break
          }
          case "refuses": {
            const token = tokens.length - event.back
            state = SessionState.step(state, refused(String(token)), now).state
            if (token === usable) usable = 0
            break
          }
          case "asks": {
            const step = SessionState.step(state, ask(credentialsOf(event.by)), now)
            state = step.state
            const current = tokens[usable - 1]
            const expected = current !== undefined && current.by === event.by && now < current.endsAt
            assert.strictEqual(step.use && Redacted.value(step.use), expected ? String(usable) : undefined)
            if (!expected) {
              assert.isTrue(step.open)
              usable = 0
            }
          }
        }
      }
    }))
  })

  it("retries a renewal that keeps failing a limited number of times, however many requests there are", () => {
    const lasting = FastCheck.record({
      lasts: FastCheck.integer({ min: 1, max: 1_000_000 }),
      asks: FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 500 })
    })
    FastCheck.assert(FastCheck.property(lasting, ({ asks, lasts }) => {
      let state = SessionState.step(SessionState.none, opened("a", lasts), 0).state
      let renewals = 0
      for (const part of asks.toSorted((a, b) => a - b)) {
        const step = SessionState.step(state, ask(), Math.floor(part * lasts))
        state = step.state
        assert.isDefined(step.use)
        if (step.open) renewals++
      }
      // Each attempt waits for half of the remaining lifetime, in whole milliseconds.
      assert.isAtMost(renewals, Math.ceil(Math.log2(0.2 * lasts + 1)) + 1)
    }))
  })
})
