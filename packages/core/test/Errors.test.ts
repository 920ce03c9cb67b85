import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { Errors, type Protocol } from "../src/adapter.js"
import { ExchangeError } from "../src/index.js"

const now = 1_700_000_000_000

const answer = (json: unknown, status = 200, headers: Protocol.Headers = {}): Protocol.Answer => ({
  status,
  headers,
  json,
  now,
  about: { exchange: "acme", operation: "test", status },
  clean: (text) => text
})

const readError = ({ json }: Protocol.Answer): Protocol.ErrorBody | undefined => {
  const { code, text } = Object(json)
  return code === undefined ? undefined : { code: String(code), text: String(text ?? "") }
}

const table = Errors.table({
  readError,
  codes: {
    AuthenticationFailed: "1",
    ClockSkew: "2",
    PermissionDenied: "3",
    SymbolNotFound: "4",
    InvalidRequest: "5",
    InsufficientFunds: "6 66",
    OrderRejected: "7",
    DuplicateOrder: "8",
    OrderNotFound: "9",
    RateLimited: "10 11",
    Banned: "12",
    Busy: "13",
    Unknown: "14 51005",
    None: "15"
  },
  ranges: { OrderRejected: "51000-51999 54000-54999", InvalidRequest: "-32700--32600" },
  wait: { 11: "7 seconds", Banned: "3 minutes" },
  judge: ({ code, text }) => code === "5" && text.includes("symbol") ? "SymbolNotFound" : undefined,
  texts: [[/no funds/i, "InsufficientFunds", "7"], [/bad symbol/i, "OrderRejected"], [/later/, "RateLimited"]],
  otherwise: ({ code }) => code.startsWith("NEW_") ? "DuplicateOrder" : undefined,
  unrecognized: ({ about, status }) =>
    status === 403 ? new ExchangeError.PermissionDenied({ ...about, detail: "a firewall" }) : undefined
})

const judged = (json: unknown, status?: number, headers?: Protocol.Headers) =>
  table.classify(answer(json, status, headers))

describe("Errors.table", () => {
  const cases: ReadonlyArray<readonly [code: string, tag: string, outcome: ExchangeError.Outcome]> = [
    ["1", "AuthenticationFailed", "Rejected"],
    ["2", "ClockSkew", "Rejected"],
    ["3", "PermissionDenied", "Rejected"],
    ["4", "SymbolNotFound", "Rejected"],
    ["5", "InvalidRequest", "Rejected"],
    ["6", "InsufficientFunds", "Rejected"],
    ["66", "InsufficientFunds", "Rejected"],
    ["7", "OrderRejected", "Rejected"],
    ["8", "DuplicateOrder", "Rejected"],
    ["9", "OrderNotFound", "Rejected"],
    ["10", "RateLimited", "Rejected"],
    ["12", "Banned", "Rejected"],
    ["13", "ExchangeUnavailable", "Rejected"],
    ["14", "ExchangeUnavailable", "Unknown"],
    // Not listed, but within a range.
    ["51000", "OrderRejected", "Rejected"],
    ["54999", "OrderRejected", "Rejected"],
    // Listed, although within a range of another error.
    ["51005", "ExchangeUnavailable", "Unknown"],
    // Neither listed nor within a range.
    ["52000", "MalformedResponse", "Unknown"],
    ["new", "MalformedResponse", "Unknown"]
  ]
  for (const [code, tag, outcome] of cases) {
    it(`maps ${code} to ${tag} with outcome ${outcome}`, () => {
      const error = judged({ code, text: "no" })
      assert(error !== undefined)
      assert.strictEqual(error._tag, tag)
      assert.strictEqual(error.outcome, outcome)
      assert.strictEqual(error.code, code)
      assert.include(error.detail, "no")
    })
  }

  it("calls an unknown code unrecognized, and classifies it by the status", () => {
    const refused = judged({ code: "99", text: "go away" }, 400)
    assert.strictEqual(refused?._tag, "InvalidRequest")
    assert.include(refused?.message ?? "", "unrecognized error")
    assert.include(refused?.message ?? "", "code 99")
    const unclear = judged({ code: "99", text: "go away" })
    assert.include(unclear?.message ?? "", "unrecognized error")
    assert(
      unclear !== undefined && !ExchangeError.countsAsFailure(unclear),
      "an unknown code does not count as a failure"
    )
    assert.strictEqual(judged({ code: "99" }, 500)?.outcome, "Unknown")
  })

  it("returns no error for a success, or for a code listed under None", () => {
    assert.isUndefined(judged({ price: "1" }))
    assert.isUndefined(judged({ code: "15", text: "not modified" }))
  })

  it("says that the exchange gave no reason", () => {
    assert.include(judged({ code: "7" })?.message ?? "", "no reason")
  })

  it("takes the wait from the answer, else from the code, else from the kind of error", () => {
    const wait = (error: ExchangeError.ExchangeError | undefined) =>
      error?._tag === "RateLimited"
        ? Duration.toMillis(error.retryAfter)
        : error?._tag === "Banned"
        ? error.until - now
        : 0
    assert.strictEqual(wait(judged({ code: "10" })), 1000)
    assert.strictEqual(wait(judged({ code: "11" })), 7000)
    assert.strictEqual(wait(judged({ code: "11" }, 429, { "retry-after": "2" })), 2000)
    assert.strictEqual(wait(judged({ code: "12" })), 180_000)
  })

  it("asks `judge` before it looks the code up", () => {
    assert.strictEqual(judged({ code: "5", text: "bad symbol" })?._tag, "SymbolNotFound")
  })

  it("matches texts after `judge` and before codes, and only for their code if they name one", () => {
    const kinds = ["7 No funds.", "6 No funds.", "5 bad symbol", "7 bad symbol", "99 later", "7 no"].map((row) => {
      const [code = "", ...words] = row.split(" ")
      return judged({ code, text: words.join(" ") })?._tag
    })
    assert.deepStrictEqual(kinds, [
      "InsufficientFunds",
      "InsufficientFunds",
      "SymbolNotFound",
      "OrderRejected",
      "RateLimited",
      "OrderRejected"
    ])
    assert.notInclude(judged({ code: "99", text: "later" })?.message ?? "", "not known")
  })

  it("asks `otherwise` only about codes that are listed nowhere", () => {
    assert.strictEqual(judged({ code: "NEW_CODE", text: "no" })?._tag, "DuplicateOrder")
    assert.strictEqual(judged({ code: "NEW_CODE", text: "later" })?._tag, "RateLimited")
  })

  it("compares codes case-insensitively", () => {
    const named = Errors.table({
      readError: () => ({ code: "not_Found", text: "no" }),
      codes: { OrderNotFound: "NOT_FOUND" }
    })
    assert.strictEqual(named.classify(answer({}))?._tag, "OrderNotFound")
  })

  it("passes the clock skew to `judge`", () => {
    const circumstances = { about: { exchange: "acme", operation: "test" }, headers: {}, now, status: 418, skew: 5000 }
    const { ofRow } = Errors.table({
      readError: () => undefined,
      codes: {},
      judge: ({ text }, { about, skew = 0 }) =>
        new ExchangeError.Banned({ ...about, detail: text, until: Number(text) - skew })
    })
    const error = ofRow({ code: "1", text: String(now + 60_000) }, circumstances)
    assert.strictEqual(error._tag === "Banned" ? error.until : undefined, now + 55_000)
  })

  it("asks `unrecognized` about an answer without an error of the exchange", () => {
    assert.strictEqual(judged(undefined, 403)?._tag, "PermissionDenied")
    assert.isUndefined(judged(undefined, 500))
  })

  it("ofRow always returns an error for a row", () => {
    const circumstances = { about: { exchange: "acme", operation: "batch" }, headers: {}, now, status: 200 }
    assert.strictEqual(table.ofRow({ code: "6", text: "" }, circumstances)._tag, "InsufficientFunds")
    assert.strictEqual(table.ofRow({ code: "15", text: "" }, circumstances)._tag, "MalformedResponse")
    assert.strictEqual(table.ofRow({ code: "99", text: "" }, circumstances)._tag, "MalformedResponse")
  })

  it("matches codes by their longest beginning, case-insensitively", () => {
    const texts = Errors.table({
      readError,
      match: "beginning",
      codes: {
        OrderRejected: "EOrder:, EService:Deadline elapsed",
        InsufficientFunds: "EOrder:Insufficient funds",
        OrderNotFound: ["no such order, or"]
      }
    })
    const tag = (code: string) => texts.classify(answer({ code, text: "" }))?._tag
    assert.strictEqual(tag("no such order, or another"), "OrderNotFound")
    assert.strictEqual(tag("EOrder:Insufficient funds (USD)"), "InsufficientFunds")
    assert.strictEqual(tag("eorder:insufficient FUNDS"), "InsufficientFunds")
    assert.strictEqual(tag("EOrder:Insufficient"), "OrderRejected")
    assert.strictEqual(tag("EService:Deadline elapsed"), "OrderRejected")
    assert.strictEqual(tag("EService:Deadline"), "MalformedResponse")
    assert.strictEqual(tag("EOther:"), "MalformedResponse")
  })

  it("refuses a code that is listed under two kinds, which differ in whether an order was placed", () => {
    assert.throws(
      () => Errors.table({ readError, codes: { OrderRejected: "1 2a", Unknown: ["2A"] } }),
      RangeError,
      "The error code 2A has two kinds, OrderRejected and Unknown."
    )
    assert.doesNotThrow(() => Errors.table({ readError, codes: { OrderRejected: "1 1" } }))
  })

  it("does not compile with an unknown kind of error, or with ranges of Unknown", () => {
    // @ts-expect-error there is no such kind
    Errors.table({ readError, codes: { NoFunds: "1" } })
    // @ts-expect-error a range cannot have an unknown outcome
    Errors.table({ readError, codes: {}, ranges: { Unknown: "1-2" } })
  })

  it("`firewall` is the meaning of status 403 without JSON", () => {
    const behind = (firewall: Errors.Facts["firewall"]) =>
      Errors.table({ readError: () => undefined, codes: {}, firewall })
    const slow = behind({ kind: "RateLimited", wait: "5 minutes" }).classify(answer(undefined, 403))
    assert(slow?._tag === "RateLimited")
    assert.deepStrictEqual([slow.outcome, Duration.toMillis(slow.retryAfter)], ["Unknown", 300_000])
    const banned = behind({ kind: "Banned" }).classify(answer(undefined, 403))
    assert(banned?._tag === "Banned")
    assert.deepStrictEqual([banned.outcome, banned.until - now], ["Unknown", 900_000])
    assert.isUndefined(behind({ kind: "Banned" }).classify(answer({}, 403)))
    assert.isUndefined(behind({ kind: "Banned" }).classify(answer(undefined, 503)))
    assert.isUndefined(behind(undefined).classify(answer(undefined, 403)))
  })

  it("status 429 without an error of the exchange has the declared wait, or is left to the engine", () => {
    const bare = (wait: Errors.Facts["wait"]) =>
      Errors.table({ readError: () => undefined, codes: {}, wait }).classify(answer(undefined, 429))
    const limited = bare({ RateLimited: "5 seconds" })
    assert(limited?._tag === "RateLimited")
    assert.deepStrictEqual([limited.outcome, Duration.toMillis(limited.retryAfter)], ["Unknown", 5000])
    assert.isUndefined(bare({ Banned: "1 hour" }))
  })

  it("`unrecognized` can describe an error by kind, detail and wait", () => {
    const unrecognized = (unrecognized: Errors.Unrecognized, headers: Protocol.Headers = {}) =>
      Errors.table({ readError: () => undefined, codes: {}, unrecognized: () => unrecognized }).classify(
        answer("<html>", 403, headers)
      )
    const firewall = { kind: "RateLimited", detail: "a firewall", wait: "5 minutes" } as const
    const slow = unrecognized(firewall)
    assert(slow?._tag === "RateLimited")
    assert.deepStrictEqual([slow.outcome, Duration.toMillis(slow.retryAfter)], ["Unknown", 300_000])
    assert.deepStrictEqual(unrecognized(firewall, { "retry-after": "7" })?.retryAfter, Duration.seconds(7))
    const banned = unrecognized({ kind: "Banned", detail: "a ban", outcome: "Rejected" })
    assert(banned?._tag === "Banned")
    assert.deepStrictEqual([banned.outcome, banned.until - now], ["Rejected", 900_000])
    assert.strictEqual(unrecognized({ kind: "AuthenticationFailed", detail: "no" })?.outcome, "Unknown")
    assert.strictEqual(unrecognized({ kind: "Unknown", detail: "gone" })?._tag, "ExchangeUnavailable")
  })
})
