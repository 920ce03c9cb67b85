import { Credentials, ExchangeState } from "@effect-exchange/core"
import { Endpoint, ExchangeClient } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { errors as table } from "../src/Errors.js"
import { protocol } from "../src/Protocol.js"
import { answer, documented, errors, html, now, type Verdict, verdict } from "./utils.js"

const refused = (tag: Verdict["tag"]): Verdict => ({ tag, outcome: "Rejected" })
const limited: Verdict = { ...refused("RateLimited"), retryAfter: 5000 }
const banned: Verdict = { ...refused("Banned"), until: now + 900_000 }
const unknown: Verdict = { tag: "ExchangeUnavailable", outcome: "Unknown" }
const malformed: Verdict = { tag: "MalformedResponse", outcome: "Unknown" }

const documentedErrors: ReadonlyArray<readonly [expected: Verdict, texts: ReadonlyArray<string>]> = [
  [refused("InvalidRequest"), [
    "EGeneral:Invalid arguments",
    "EGeneral:Invalid arguments:volume",
    "EGeneral:Unknown method",
    "EQuery:Invalid arguments",
    "ETrade:Invalid request",
    "EOrder:Invalid price"
  ]],
  [refused("DuplicateOrder"), ["EGeneral:Invalid arguments:cl_ord_id not unique", "EOrder:Duplicate order"]],
  [refused("SymbolNotFound"), [
    "EQuery:Unknown asset pair",
    "EQuery:Invalid asset pair",
    "EQuery:Unknown asset",
    "EGeneral:Unknown asset pair"
  ]],
  [refused("AuthenticationFailed"), [
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed",
    "ESession:Invalid session",
    // Another program's nonces are higher. The response's date shows whether the clock is behind.
    "EAPI:Invalid nonce"
  ]],
  [refused("PermissionDenied"), [
    "EGeneral:Permission denied",
    "EAccount:Invalid permissions",
    "EAccount:Invalid permissions:AAPLx trading restricted for DE.",
    "EOrder:Trading agreement required",
    "EAPI:Feature disabled",
    "ETrade:User Locked"
  ]],
  [limited, [
    "EAPI:Rate limit exceeded",
    "EOrder:Rate limit exceeded",
    "EGeneral:Too many requests",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EOrder:Domain rate limit exceeded",
    "EService:Throttled"
  ]],
  [{ ...refused("RateLimited"), retryAfter: 7000 }, [
    `EService:Throttled:${now / 1000 + 7}`,
    `EService:Throttled: ${now / 1000 + 7}`,
    `EService: Throttled: ${now / 1000 + 7}`
  ]],
  [{ ...refused("RateLimited"), retryAfter: 0 }, [`EService:Throttled:${now / 1000 - 7}`]],
  [banned, ["EGeneral:Temporary lockout"]],
  [refused("InsufficientFunds"), [
    "EOrder:Insufficient funds",
    "EOrder:Insufficient margin",
    "EFunding:Insufficient funds"
  ]],
  [refused("OrderRejected"), [
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed",
    "EOrder:Post only order",
    "EOrder:Reduce only:No position exists",
    "EOrder:Orders limit exceeded",
    "EOrder:Scheduled orders limit exceeded",
    "EOrder:Positions limit exceeded",
    "EOrder:Margin allowance exceeded",
    "EGeneral:Invalid arguments:Index unavailable",
    "EOrder:Something to come",
    "EService:Deadline elapsed",
    // The yearly limit of a Canadian account.
    "EBM:limit exceeded:CAL",
    // The mode of one market, not an outage of the exchange.
    "EService:Market in cancel_only mode",
    "EService:Market in post_only mode",
    "EService:Market in limit_only mode"
  ]],
  [refused("OrderNotFound"), ["EOrder:Unknown order", "EOrder:Invalid order"]],
  [unknown, [
    "EService:Unavailable",
    "EService:Busy",
    "EGeneral:Internal error",
    "EGeneral:Internal error:x17",
    "EDatabase:Internal error",
    "EService:Timeout",
    "EService:Something to come",
    // A category with an unknown outcome has it for undocumented messages too.
    "EService:Unknown order",
    "EService:Insufficient funds",
    "EGeneral:Internal error:Rate limit exceeded"
  ]],
  [malformed, ["EGeneral:Something to come", "ENew:Category", "E", "nothing of the kind"]]
]

type Row = readonly [status: number, body: string, expected: Verdict, headers?: { readonly [name: string]: string }]

const inside: ReadonlyArray<Row> = documentedErrors.flatMap(([expected, texts]) =>
  texts.flatMap((text): ReadonlyArray<Row> => [
    [200, errors(text), expected],
    // The case of letters does not matter.
    ...text.startsWith("E") && expected !== malformed
      ? [[200, errors(`E${text.slice(1).toLowerCase()}`), expected] as const]
      : []
  ])
)

const shapes: ReadonlyArray<Row> = [
  [200, JSON.stringify({ error: ["EQuery:Unknown asset pair"], result: null }), refused("SymbolNotFound")],
  [200, JSON.stringify({ error: ["EOrder:Unknown order"], result: {} }), refused("OrderNotFound")],
  // The first error that is not a warning counts.
  [200, errors("WGeneral:Slow", "EOrder:Insufficient funds", "EOrder:Unknown order"), refused("InsufficientFunds")],
  [400, errors("EGeneral:Invalid arguments"), refused("InvalidRequest")],
  [403, errors("EGeneral:Permission denied"), refused("PermissionDenied")],
  [429, errors("EGeneral:Too many requests"), limited],
  [429, html, { ...limited, outcome: "Unknown" }],
  [429, "", { ...limited, outcome: "Unknown", retryAfter: 17_000 }, { "retry-after": "17" }],
  [403, html, { ...banned, outcome: "Unknown" }],
  [403, "", { ...banned, outcome: "Unknown" }]
]

// Not in the exchange's error shape: only the status counts.
const byStatus: ReadonlyArray<Row> = [
  [500, html, unknown],
  [502, "", unknown],
  [503, html, unknown],
  [520, html, unknown],
  // The proxy's status counts, whatever the body.
  [500, errors("EOrder:Insufficient funds"), unknown],
  [400, "", unknown],
  [404, html, unknown],
  [410, html, unknown],
  [200, html, malformed],
  [200, "", malformed],
  [200, "{\"error\":[],\"result\":", malformed],
  [200, "{\"error\":[]}", malformed],
  [200, "{\"error\":[],\"result\":{\"txid\":[]}}", malformed],
  [200, "{\"error\":\"EOrder:Insufficient funds\"}", malformed],
  [200, "[]", malformed],
  [302, html, unknown]
]

const title = ([status, body, { tag }]: Row) => `${status} ${body.slice(0, 90).replaceAll("\r\n", "")} is ${tag}`

// A write without idempotency, so that every error of the union may occur.
const placeOrder = Endpoint.make({
  capability: "trading",
  name: "placeOrder",
  method: "POST",
  path: "/0/private/AddOrder",
  body: "form",
  idempotency: "once",
  input: Endpoint.NoInput,
  response: Schema.Struct({ result: Schema.Struct({ txid: Schema.NonEmptyArray(Schema.NonEmptyString) }) }),
  cost: {}
})

const place = ([status, body, , headers]: Row) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    const client = yield* ExchangeClient.make(protocol, {
      environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
      credentials: Credentials.fixed(documented),
      retry: { attempts: 1 }
    }).pipe(Effect.provide(ExchangeState.layer))
    return yield* Effect.flip(client.request(placeOrder, {}))
  }).pipe(
    Effect.scoped,
    // Comparing the clocks fails as well.
    Effect.provide(ScriptedHttp.layer(() => ScriptedHttp.text(body, { status, headers })))
  )

describe("classify", () => {
  for (const row of [...inside, ...shapes]) {
    it(title(row), () => {
      const [status, body, expected, headers] = row
      const error = table.classify(answer(status, body, headers))
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), expected)
      assert.strictEqual(error.status, status)
      assert.strictEqual(error.operation, "test")
    })
  }

  for (const row of byStatus) {
    it(`leaves ${title(row)} to HTTP`, () => {
      assert.isUndefined(table.classify(answer(row[0], row[1])))
    })
  }

  it("returns no error for a success, with or without a warning", () => {
    assert.isUndefined(table.classify(answer(200, JSON.stringify({ error: [], result: {} }))))
    assert.isUndefined(table.classify(answer(200, JSON.stringify({ error: ["WGeneral:Slow"], result: {} }))))
  })

  it("waits for the instant of a throttle by the exchange's clock", () => {
    const throttled = answer(200, errors(`EService:Throttled:${now / 1000 + 7}`))
    for (const [skew, retryAfter] of [[3000, 4000], [-3_600_000, 3_607_000]] as const) {
      const error = table.classify({ ...throttled, skew })
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), { ...refused("RateLimited"), retryAfter })
    }
  })

  it("keeps the exchange's message and code", () => {
    const error = table.classify(answer(200, errors("EGeneral:Invalid arguments:volume")))
    assert(error !== undefined)
    assert.strictEqual(error.code, "EGeneral:Invalid arguments:volume")
    assert.strictEqual(
      error.message,
      "kraken.test: Invalid arguments:volume (status 200, code EGeneral:Invalid arguments:volume)"
    )
  })
})

describe("client", () => {
  for (const row of [...inside, ...shapes, ...byStatus]) {
    it.effect(`fails to place an order: ${title(row)}`, () =>
      Effect.map(place(row), (error) => {
        assert.deepStrictEqual(verdict(error), row[2])
        assert.strictEqual(error.operation, "placeOrder")
      }))
  }
})
