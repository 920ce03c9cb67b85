import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Schema } from "effect"
import { ExchangeError } from "../src/index.js"
import { errorOf } from "./support/acme.js"
import { AnyError } from "./support/errors.js"

type Tag = ExchangeError.ExchangeError["_tag"]

/** The table of the design, by hand: may a read be repeated, what became of a write, who may fail so, what the breaker does. */
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
  it("the table of policies names every error and no other", () => {
    assert.deepStrictEqual(Object.keys(ExchangeError.policies), rows.map(([tag]) => tag))
    assert.deepStrictEqual(
      AnyError.members.map((member) => member._tag),
      rows.map(([tag]) => tag)
    )
  })

  for (const [tag, read, outcome, capability, breaker] of rows) {
    it(`${tag} answers as the design says`, () => {
      const error = errorOf(tag, about)
      assert.strictEqual(error.isRetryable, read)
      assert.strictEqual(error.outcome, outcome)
      assert.strictEqual(ExchangeError.policies[tag].breaker, breaker)
      assert.strictEqual(ExchangeError.isNotPlaced(error), outcome !== "Unknown" && tag !== "DuplicateOrder")
      const fits = (["marketData", "account", "trading"] as const).filter((each) => ExchangeError.isFor(each, error))
      assert.strictEqual(fits.length, { m: 3, a: 2, t: 1, none: 0 }[capability])
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

  it("what became of a write is what the error was made with", () => {
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

  it("who does not know what became of it may leave it undefined", () => {
    const error = new ExchangeError.ClockSkew({ ...about, outcome: undefined })
    assert.strictEqual(error.outcome, "Rejected")
    assert.isFalse("outcome" in Schema.encodeSync(AnyError)(error))
  })

  it("an error written down without what became of it was refused", () => {
    for (const _tag of ["Banned", "ClockSkew"] as const) {
      assert.strictEqual(Schema.decodeUnknownSync(AnyError)({ ...about, _tag, until: 1 }).outcome, "Rejected")
    }
  })

  it.effect("an error fails the Effect that yields it, and nothing of its class can be overwritten", () =>
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

  it("only what is no JSON, or too much of it, counts as a failure among malformed answers", () => {
    const counts = (["NotJson", "TooLarge", "Shape"] as const).map((reason) =>
      ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse({ ...about, reason }))
    )
    assert.deepStrictEqual(counts, [true, true, false])
    assert.isFalse(ExchangeError.countsAsFailure(new ExchangeError.MalformedResponse(about)))
    for (const [tag, , , , breaker] of rows) {
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

  it("only RateLimited and CircuitOpen say how long to wait", () => {
    const asked = new Map<Tag, Duration.Duration>([
      ["RateLimited", Duration.seconds(2)],
      ["CircuitOpen", Duration.seconds(1)]
    ])
    for (const [tag] of rows) assert.deepStrictEqual(errorOf(tag, about).retryAfter, asked.get(tag))
  })

  it("a circuit that is held open survives JSON too", () => {
    const error = new ExchangeError.CircuitOpen({ ...about, state: "Isolated", retryAfter: Duration.infinity })
    const text = JSON.stringify(Schema.encodeSync(AnyError)(error))
    assert.deepStrictEqual(Schema.decodeUnknownSync(AnyError)(JSON.parse(text)), error)
  })
})
