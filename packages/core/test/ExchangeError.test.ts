import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Schema } from "effect"
import { ExchangeError } from "../src/index.js"
import { errorOf } from "./support/acme.js"
import { AnyError } from "./support/errors.js"

type Tag = ExchangeError.ExchangeError["_tag"]

/**
 * Written by hand: may a read be retried, the outcome of a write, which capabilities can fail so, the circuit breaker.
 */
const rows: ReadonlyArray<
  readonly [Tag, read: boolean, ExchangeError.Outcome, "m" | "a" | "t" | "none", string]
> = [
  ["InvalidRequest", false, "Rejected", "m", "ignore"],
  ["SymbolNotFound", false, "Rejected", "m", "ignore"],
  ["OrderNotFound", false, "Rejected", "a", "ignore"],
  ["DuplicateOrder", false, "Rejected", "t", "ignore"],
  ["InsufficientFunds", false, "Rejected", "t", "ignore"],
  ["OrderRejected", false, "Rejected", "t", "ignore"],
  ["PermissionDenied", false, "Rejected", "m", "ignore"],
  ["AuthenticationFailed", false, "Rejected", "a", "ignore"],
  ["ClockSkew", false, "Rejected", "a", "ignore"],
  ["RateLimited", true, "Rejected", "m", "ignore"],
  ["Banned", false, "Rejected", "m", "openUntil"],
  ["ExchangeUnavailable", true, "Unknown", "m", "failure"],
  ["TransportFailed", true, "Unknown", "m", "failure"],
  ["RequestTimedOut", true, "Unknown", "m", "failure"],
  ["MalformedResponse", false, "Unknown", "m", "failure"],
  ["CircuitOpen", false, "NotSent", "m", "ignore"],
  ["BulkheadFull", false, "NotSent", "m", "ignore"],
  ["RateLimiterFull", false, "NotSent", "m", "ignore"],
  ["DeadlineExceeded", false, "NotSent", "m", "ignore"],
  ["ExchangeClosed", false, "NotSent", "m", "ignore"],
  ["Unsupported", false, "NotSent", "m", "ignore"],
  ["OrderDenied", false, "NotSent", "t", "ignore"],
  ["KeyRefused", false, "NotSent", "none", "ignore"],
  ["NotPlaced", false, "Rejected", "t", "ignore"],
  ["OutcomeUnknown", false, "Unknown", "t", "ignore"]
]

const about = { exchange: "acme", operation: "order", detail: "no; do something else", code: "-1", status: 400 }

describe("ExchangeError", () => {
  it("the table of policies lists every error and no other", () => {
    assert.deepStrictEqual(Object.keys(ExchangeError.policies), rows.map(([tag]) => tag))
    assert.deepStrictEqual(
      AnyError.members.map((member) => member._tag),
      rows.map(([tag]) => tag)
    )
  })

  for (const [tag, read, outcome, capability, breaker] of rows) {
    it(`${tag} has the expected policy, outcome and capabilities`, () => {
      const error = errorOf(tag, about)
      assert.strictEqual(error.isRetryable, read)
      assert.strictEqual(error.outcome, outcome)
      assert.strictEqual(ExchangeError.policies[tag].breaker, breaker)
      assert.strictEqual(ExchangeError.isNotPlaced(error), outcome !== "Unknown" && tag !== "DuplicateOrder")
      const capabilities = (["marketData", "account", "trading"] as const).filter((each) =>
        ExchangeError.isFor(each, error)
      )
      assert.strictEqual(capabilities.length, { m: 3, a: 2, t: 1, none: 0 }[capability])
    })

    it(`${tag} has a message with the exchange's code and status`, () => {
      const error = errorOf(tag, about)
      const rendered = `acme.order: no; do something else${tag === "Unsupported" ? "; do without" : ""}`
      assert.strictEqual(error.message, `${rendered} (status 400, code -1)`)
      assert.strictEqual(error.name, tag)
      const { code: _, status: __, ...bare } = about
      assert.strictEqual(errorOf(tag, bare).message, rendered)
    })

    it(`${tag} can be encoded as JSON and decoded`, () => {
      const error = errorOf(tag, about)
      const text = JSON.stringify(Schema.encodeSync(AnyError)(error))
      const back = Schema.decodeUnknownSync(AnyError)(JSON.parse(text))
      assert.strictEqual(back._tag, tag)
      assert.deepStrictEqual(Schema.encodeSync(AnyError)(back), Schema.encodeSync(AnyError)(error))
    })
  }

  it("the outcome of an error is the one it was made with", () => {
    for (const outcome of ["NotSent", "Rejected", "Unknown"] as const) {
      for (
        const error of [
          new ExchangeError.ExchangeUnavailable({ ...about, outcome }),
          new ExchangeError.TransportFailed({ ...about, outcome }),
          new ExchangeError.RateLimited({ ...about, outcome, retryAfter: Duration.seconds(2) }),
          new ExchangeError.Banned({ ...about, outcome, until: 1 }),
          new ExchangeError.AuthenticationFailed({ ...about, outcome }),
          new ExchangeError.ClockSkew({ ...about, outcome }),
          new ExchangeError.PermissionDenied({ ...about, outcome })
        ]
      ) {
        assert.strictEqual(error.outcome, outcome)
        assert.strictEqual(ExchangeError.isNotPlaced(error), outcome !== "Unknown")
        assert.strictEqual(Schema.decodeSync(AnyError)(Schema.encodeSync(AnyError)(error)).outcome, outcome)
      }
    }
  })

  it("an undefined outcome defaults to the one of the policy and is not encoded", () => {
    const error = new ExchangeError.ClockSkew({ ...about, outcome: undefined })
    assert.strictEqual(error.outcome, "Rejected")
    assert.isFalse("outcome" in Schema.encodeSync(AnyError)(error))
  })

  it("an encoded error without an outcome decodes as Rejected", () => {
    for (const _tag of ["Banned", "ClockSkew"] as const) {
      assert.strictEqual(Schema.decodeUnknownSync(AnyError)({ ...about, _tag, until: 1 }).outcome, "Rejected")
    }
  })

  it.effect("an error can be yielded, and its fields cannot be overwritten", () =>
    Effect.gen(function*() {
      const error = new ExchangeError.RequestTimedOut(about)
      const exit = yield* Effect.exit(Effect.gen(function*() {
        return yield* error
      }))
      assert.deepStrictEqual(exit._tag === "Failure" ? Cause.squash(exit.cause) : undefined, error)
      assert.throws(() => Object.assign(error, { outcome: "Rejected" }), TypeError)
      assert.deepStrictEqual(Object.keys(error).toSorted(), [
        "_tag",
        "code",
        "detail",
        "exchange",
        "operation",
        "status"
      ])
    }))

  it("among malformed responses only NotJson and TooLarge count as failures", () => {
    const counted = (["NotJson", "TooLarge", "Shape"] as const).map((reason) =>
      ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse({ ...about, reason }))
    )
    assert.deepStrictEqual(counted, [true, true, false])
    assert.isFalse(ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse(about)))
    for (const [tag, , , , breaker] of rows) {
      if (tag === "MalformedResponse") continue
      assert.strictEqual(ExchangeError.countsAsFailure(errorOf(tag, about)), breaker === "failure")
    }
  })

  const hostile = "a\r\nlevel=ERROR forged\u202e\u200b\u2066\u0000\u{e0041}\ufeff\ud800" + "y".repeat(5000)

  for (const [tag] of rows) {
    it(`${tag} removes control characters from its fields and truncates them, also when decoded`, () => {
      const made = errorOf(tag, { ...about, detail: hostile, code: hostile, operation: hostile, exchange: hostile })
      const text = JSON.stringify(Schema.encodeSync(AnyError)(made))
      const decoded = Schema.decodeUnknownSync(AnyError)({
        ...Schema.encodeSync(AnyError)(made),
        ...about,
        detail: hostile
      })
      for (
        const rendered of [text, made.message, decoded.message, JSON.stringify(Schema.encodeSync(AnyError)(decoded))]
      ) {
        assert.isBelow(rendered.length, 2500)
        assert.notMatch(rendered, /[\p{Cc}\p{Cf}\p{DI}\p{Cs}]|\\[nru]/u)
        assert.include(rendered, "a level=ERROR forged y")
      }
    })
  }

  it("nested fields and fields of one class are cleaned too", () => {
    const order = { symbol: hostile, clientOrderId: hostile }
    const cause = new ExchangeError.RequestTimedOut({ ...about, detail: hostile })
    for (
      const error of [
        new ExchangeError.NotPlaced({ ...about, order, cause }),
        new ExchangeError.OutcomeUnknown({ ...about, order, cause })
      ]
    ) {
      for (const text of [error.order.symbol, error.order.clientOrderId ?? "", error.cause.detail]) {
        assert.isAtMost(text.length, 1000)
        assert.match(text, /^a level=ERROR forged y+…$/)
      }
    }
    assert.match(new ExchangeError.SymbolNotFound({ ...about, symbol: hostile }).symbol ?? "", /^a level/)
    assert.match(new ExchangeError.Unsupported({ ...about, alternative: hostile }).alternative, /^a level/)
  })

  it("only RateLimited and CircuitOpen have a retryAfter", () => {
    const expected = new Map<Tag, Duration.Duration>([
      ["RateLimited", Duration.seconds(2)],
      ["CircuitOpen", Duration.seconds(1)]
    ])
    for (const [tag] of rows) assert.deepStrictEqual(errorOf(tag, about).retryAfter, expected.get(tag))
  })

  it("an infinite retryAfter can be encoded as JSON and decoded", () => {
    const error = new ExchangeError.CircuitOpen({ ...about, state: "Isolated", retryAfter: Duration.infinity })
    const text = JSON.stringify(Schema.encodeSync(AnyError)(error))
    assert.deepStrictEqual(Schema.decodeUnknownSync(AnyError)(JSON.parse(text)), error)
  })
})
