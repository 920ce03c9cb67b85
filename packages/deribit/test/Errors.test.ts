import type { ExchangeError } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { errors } from "../src/Errors.js"
import { now } from "./utils.js"

const answer = (json: unknown, status = 400, operation = "test"): Protocol.Answer => ({
  status,
  headers: {},
  json,
  now,
  about: { exchange: "deribit", operation, status },
  clean: (text) => text
})

const errorBody = (code: number, message = "no", data?: unknown) => ({ jsonrpc: "2.0", error: { code, message, data } })

const rows: ReadonlyArray<
  readonly [tag: ExchangeError.ExchangeError["_tag"], outcome: ExchangeError.Outcome, codes: ReadonlyArray<number>]
> = [
  ["AuthenticationFailed", "Rejected", [13004, 13009, 10000, 9999]],
  ["PermissionDenied", "Rejected", [13021, 13403, 11042, 10019, 12005, 10029, 13778]],
  ["RateLimited", "Rejected", [10028, 10066, 10047]],
  ["SymbolNotFound", "Rejected", [10020, 13020]],
  ["InvalidRequest", "Rejected", [
    -32600,
    -32601,
    -32602,
    -32700,
    -32000,
    11050,
    11029,
    10002,
    10043,
    10021,
    10027,
    10030,
    11059,
    11060,
    13016
  ]],
  ["InsufficientFunds", "Rejected", [10009]],
  ["OrderRejected", "Rejected", [10005, 10008, 10011, 10018, 11030, 11035, 11043, 11054, 11055, 13888]],
  ["DuplicateOrder", "Rejected", [13032]],
  ["OrderNotFound", "Rejected", [10004, 10010, 11008, 11044]],
  ["ExchangeUnavailable", "Rejected", [11051, 10041, 10040, 13503, 13025]],
  ["ExchangeUnavailable", "Unknown", [11094, 13028, 10001, 13008]]
]

describe("classify", () => {
  for (const [tag, outcome, codes] of rows) {
    for (const code of codes) {
      it(`code ${code} is ${tag}, ${outcome}`, () => {
        const error = errors.classify(answer(errorBody(code)))
        assert(error !== undefined)
        assert.deepStrictEqual([error._tag, error.outcome, error.code], [tag, outcome, String(code)])
      })
    }
  }

  it("reports trades and candles of a market that is routed to Coinbase as Unsupported", () => {
    const body = errorBody(11060, "not_supported_for_coinbase_routed_spot")
    for (const operation of ["get_last_trades_by_instrument", "get_tradingview_chart_data"]) {
      const error = errors.classify(answer(body, 400, operation))
      assert(error?._tag === "Unsupported")
      assert.include(error.alternative, "Coinbase")
    }
    assert.strictEqual(errors.classify(answer(body, 400, "buy"))?._tag, "InvalidRequest")
  })

  it("reads from the text that Coinbase rejected an order for lack of funds", () => {
    const tagOf = (message: string) => errors.classify(answer(errorBody(11030, message)))?._tag
    assert.strictEqual(tagOf("other_reject not_enough_funds"), "InsufficientFunds")
    assert.strictEqual(tagOf("other_reject price_band"), "OrderRejected")
  })

  it("keeps an unknown code, and decides by the status", () => {
    const refused = errors.classify(answer(errorBody(99_999)))
    assert.deepStrictEqual([refused?._tag, refused?.code], ["InvalidRequest", "99999"])
    assert.strictEqual(errors.classify(answer(errorBody(99_999), 500))?.outcome, "Unknown")
  })

  it("has the exchange's message and the reason of a parameter", () => {
    const error = errors.classify(
      answer(errorBody(-32602, "Invalid params", { param: "currency", reason: "invalid currency" }))
    )
    assert.include(error?.message ?? "", "Invalid params")
    assert.include(error?.message ?? "", "invalid currency")
    assert.notInclude(errors.classify(answer(errorBody(-32602, "Invalid params", null)))?.message ?? "", "null")
  })

  it("waits until the credits are refilled", () => {
    const error = errors.classify(answer(errorBody(10_028, "too_many_requests"), 429))
    assert(error?._tag === "RateLimited")
    assert.strictEqual(Duration.toMillis(error.retryAfter), 5000)
  })

  it("leaves a body of another shape to HTTP, and returns no error for a successful one", () => {
    for (
      const json of [undefined, null, [], "no", { error: "none" }, { error: { code: "10009", message: "no" } }, {
        result: 1
      }]
    ) {
      assert.isUndefined(errors.classify(answer(json)))
    }
  })
})
