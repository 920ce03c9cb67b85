import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Duration, Schema } from "effect"
import { ExchangeError } from "../src/index.js"
import { errorOf } from "./support/acme.js"
import { AnyError } from "./support/errors.js"

type Tag = ExchangeError.ExchangeError["_tag"]

/** The table of the design, by hand: may a `once` write be repeated, may a read, what became of it, who may fail so. */
const rows: ReadonlyArray<
  readonly [Tag, once: boolean, read: boolean, ExchangeError.Outcome, "m" | "a" | "t" | "none", string]
> = [
  ["InvalidRequest", false, false, "Rejected", "m", "ignore"],
  ["SymbolNotFound", false, false, "Rejected", "m", "ignore"],
  ["OrderNotFound", false, false, "Rejected", "a", "ignore"],
  ["DuplicateOrder", false, false, "Rejected", "t", "ignore"],
  ["InsufficientFunds", false, false, "Rejected", "t", "ignore"],
  ["OrderRejected", false, false, "Rejected", "t", "ignore"],
  ["PermissionDenied", false, false, "Rejected", "m", "ignore"],
  ["AuthenticationFailed", false, false, "Rejected", "a", "ignore"],
  ["ClockSkew", false, false, "Rejected", "a", "ignore"],
  ["RateLimited", true, true, "Rejected", "m", "ignore"],
  ["Banned", false, false, "Rejected", "m", "openUntil"],
  ["ExchangeUnavailable", false, true, "Unknown", "m", "failure"],
  ["TransportFailed", false, true, "Unknown", "m", "failure"],
  ["RequestTimedOut", false, true, "Unknown", "m", "failure"],
  ["MalformedResponse", false, false, "Unknown", "m", "failure"],
  ["CircuitOpen", false, false, "NotSent", "m", "ignore"],
  ["BulkheadFull", false, false, "NotSent", "m", "ignore"],
  ["RateLimiterFull", false, false, "NotSent", "m", "ignore"],
  ["DeadlineExceeded", false, false, "NotSent", "m", "ignore"],
  ["ExchangeClosed", false, false, "NotSent", "m", "ignore"],
  ["Unsupported", false, false, "NotSent", "m", "ignore"],
  ["OrderDenied", false, false, "NotSent", "t", "ignore"],
  ["KeyRefused", false, false, "NotSent", "none", "ignore"],
  ["NotPlaced", false, false, "Rejected", "t", "ignore"],
  ["OutcomeUnknown", false, false, "Unknown", "t", "ignore"]
]

const about = { exchange: "acme", operation: "order", detail: "no; do something else", code: "-1", status: 400 }

describe("ExchangeError", () => {
  it("the table of policies names every error and no other", () => {
    assert.deepStrictEqual(Object.keys(ExchangeError.policies), rows.map(([tag]) => tag))
    assert.deepStrictEqual(
      AnyError.members.map((member) => member._tag),
      rows.map(([tag]) => tag)
    )
  })

  for (const [tag, once, read, outcome, capability, breaker] of rows) {
    it(`${tag} answers as the design says`, () => {
      const error = errorOf(tag, about)
      assert.strictEqual(ExchangeError.isRetryable(error, false), once)
      assert.strictEqual(ExchangeError.isRetryable(error, true), read)
      assert.strictEqual(ExchangeError.outcome(error), outcome)
      assert.strictEqual(ExchangeError.policies[tag].breaker, breaker)
      assert.strictEqual(ExchangeError.isMarketDataError(error), capability === "m")
      assert.strictEqual(ExchangeError.isAccountError(error), capability === "m" || capability === "a")
      assert.strictEqual(ExchangeError.isTradingError(error), capability !== "none")
    })

    it(`${tag} reads as a sentence, with the exchange's own code and status`, () => {
      const error = errorOf(tag, about)
      const said = `acme.order: no; do something else${tag === "Unsupported" ? "; do without" : ""}`
      assert.strictEqual(error.message, `${said} (status 400, code -1)`)
      assert.strictEqual(error.name, tag)
      const { code: _, status: __, ...bare } = about
      assert.strictEqual(errorOf(tag, bare).message, said)
    })

    it(`${tag} survives JSON`, () => {
      const error = errorOf(tag, about)
      const text = JSON.stringify(Schema.encodeSync(AnyError)(error))
      const back = Schema.decodeUnknownSync(AnyError)(JSON.parse(text))
      assert.strictEqual(back._tag, tag)
      assert.deepStrictEqual(Schema.encodeSync(AnyError)(back), Schema.encodeSync(AnyError)(error))
    })
  }

  it("what an exchange promises was not carried out may be repeated, whatever it was", () => {
    for (const outcome of ["NotSent", "Rejected"] as const) {
      for (
        const error of [
          new ExchangeError.ExchangeUnavailable({ ...about, outcome }),
          new ExchangeError.TransportFailed({ ...about, outcome })
        ]
      ) {
        assert.strictEqual(ExchangeError.outcome(error), outcome)
        assert.isTrue(ExchangeError.isRetryable(error, false))
      }
    }
  })

  it("a bare status may have been answered by something else: the error says so itself", () => {
    const outcome = "Unknown"
    for (
      const error of [
        new ExchangeError.RateLimited({ ...about, outcome, retryAfter: Duration.seconds(2) }),
        new ExchangeError.Banned({ ...about, outcome, until: 1 }),
        new ExchangeError.AuthenticationFailed({ ...about, outcome }),
        new ExchangeError.ClockSkew({ ...about, outcome }),
        new ExchangeError.PermissionDenied({ ...about, outcome })
      ]
    ) {
      assert.strictEqual(ExchangeError.outcome(error), "Unknown")
      assert.isFalse(ExchangeError.isRetryable(error, false))
      assert.strictEqual(ExchangeError.isRetryable(error, true), error._tag === "RateLimited")
    }
  })

  it("only what is no JSON, or too much of it, counts as a failure among malformed answers", () => {
    const counts = (["NotJson", "TooLarge", "Shape"] as const).map((reason) =>
      ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse({ ...about, reason }))
    )
    assert.deepStrictEqual(counts, [true, true, false])
    assert.isFalse(ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse(about)))
    for (const [tag, , , , , breaker] of rows) {
      if (tag === "MalformedResponse") continue
      assert.strictEqual(ExchangeError.countsAsFailure(errorOf(tag, about)), breaker === "failure")
    }
  })

  const hostile = "a\r\nlevel=ERROR forged\u202e\u200b\u2066\u0000\u{e0041}\ufeff\ud800" + "y".repeat(5000)

  for (const [tag] of rows) {
    it(`${tag} cleans every text it is made with, however it is made`, () => {
      const made = errorOf(tag, { ...about, detail: hostile, code: hostile, operation: hostile, exchange: hostile })
      const text = JSON.stringify(Schema.encodeSync(AnyError)(made))
      const decoded = Schema.decodeUnknownSync(AnyError)({
        ...Schema.encodeSync(AnyError)(made),
        ...about,
        detail: hostile
      })
      for (const said of [text, made.message, decoded.message, JSON.stringify(Schema.encodeSync(AnyError)(decoded))]) {
        assert.isBelow(said.length, 2500)
        assert.notMatch(said, /[\p{Cc}\p{Cf}\p{DI}\p{Cs}]|\\[nru]/u)
        assert.include(said, "a level=ERROR forged y")
      }
    })
  }

  it("cleans what stands deeper, and what only one class has", () => {
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

  it("only RateLimited asks for a delay", () => {
    for (const [tag] of rows) {
      const asked = ExchangeError.retryAfter(errorOf(tag, about))
      if (tag === "RateLimited") assertSome(asked, Duration.seconds(2))
      else assertNone(asked)
    }
  })

  it("a circuit that is held open survives JSON too", () => {
    const error = new ExchangeError.CircuitOpen({ ...about, state: "Isolated", retryAfter: Duration.infinity })
    const text = JSON.stringify(Schema.encodeSync(AnyError)(error))
    assert.deepStrictEqual(Schema.decodeUnknownSync(AnyError)(JSON.parse(text)), error)
  })
})
