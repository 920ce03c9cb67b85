import { Credentials, ExchangeState } from "@effect-exchange/core"
import { Endpoint, ExchangeClient } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { errors } from "../src/Errors.js"
import { protocol } from "../src/Protocol.js"
import { answer, documented, error, now, type Verdict, verdict } from "./utils.js"

type Row = readonly [
  status: number,
  body: string,
  expected: Verdict,
  headers?: { readonly [name: string]: string }
]

const refused = (tag: Verdict["tag"], code: number): Verdict => ({ tag, outcome: "Rejected", code: String(code) })
const limited = (code: number, retryAfter: number): Verdict => ({ ...refused("RateLimited", code), retryAfter })
const unavailable = (code: number, outcome: Verdict["outcome"] = "Unknown"): Verdict => ({
  ...refused("ExchangeUnavailable", code),
  outcome
})

const numbers = (text: string): ReadonlyArray<number> => text.split(" ").map(Number)

/** Codes with one meaning. */
const plain: ReadonlyArray<readonly [Verdict["tag"], ReadonlyArray<number>]> = [
  ["ClockSkew", numbers("10002 -1")],
  ["AuthenticationFailed", numbers("10003 10004 10007 33004 -2015")],
  [
    "PermissionDenied",
    numbers("10005 10008 10009 10010 10024 10027 10028 110066 110123 110125 110132 170219")
  ],
  ["SymbolNotFound", numbers("170121 10029")],
  [
    "InvalidRequest",
    numbers(
      "10017 10032 110003 110017 110094 170115 170116 170117 170124 170130 170132 170133 170134 170135 170136 170137 170140 " +
        "170192 170193 170194 170381 170382"
    )
  ],
  [
    "InsufficientFunds",
    numbers("110004 110006 110007 110012 110014 110044 110045 110051 110052 110053 170131 170033")
  ],
  [
    "OrderRejected",
    numbers(
      "110020 110009 170810 110021 110023 110042 30228 110063 110074 170151 170157 110090 110103 170149 170210 170218 " +
        "30208 30209"
    )
  ],
  ["DuplicateOrder", numbers("110072 170141 110030 10014")],
  // An order that does not exist, and one that has ended.
  ["OrderNotFound", numbers("110001 170213 170143 110008 110010 170139 170142 170190")]
]

const simple = plain.flatMap(([tag, codes]) =>
  codes.map((code): Row => [200, error(code, "It cannot be."), refused(tag, code)])
)

const parameters: ReadonlyArray<Row> = [
  [200, error(10001, "params error: symbol invalid"), refused("SymbolNotFound", 10001)],
  [200, error(10001, "Not supported symbols"), refused("SymbolNotFound", 10001)],
  [200, error(10001, "Qty invalid"), refused("InvalidRequest", 10001)],
  [200, error(10001, "position idx not match position mode"), refused("InvalidRequest", 10001)],
  [
    200,
    error(
      10001,
      "empty value: apiTimestamp[] apiKey[] apiSignature[xxx]: openapi sign params error!",
      null
    ),
    refused("AuthenticationFailed", 10001)
  ]
]

const reset = (millis: number) => ({ "x-bapi-limit-reset-timestamp": String(now + millis) })

const tooMany: ReadonlyArray<Row> = [
  ...numbers("10006 10429 10403 20003 429 170222 170005").map((code): Row => [
    200,
    error(code, "Too many visits"),
    limited(code, 1000)
  ]),
  [200, error(10006, "Too many visits"), limited(10006, 350), reset(350)],
  // "Now", when the limit is not what was exceeded.
  [200, error(10006, "Too many visits"), limited(10006, 1000), reset(0)],
  [200, error(10006, "Too many visits"), limited(10006, 1000), reset(3_600_000)],
  [200, error(10006, "Too many visits"), limited(10006, 1000), { "x-bapi-limit-reset-timestamp": "soon" }],
  [429, error(429, "Too many requests"), limited(429, 3000), { "retry-after": "3" }]
]

const banned: Verdict = { tag: "Banned", outcome: "Rejected", until: now + 600_000 }

const bans: ReadonlyArray<Row> = [
  [403, "403, access too frequent", banned],
  [403, error(403, "Access too frequent"), { ...banned, code: "403" }],
  [200, error(10018, "Exceeded the IP rate limit."), { ...banned, code: "10018" }]
]

const failing: ReadonlyArray<Row> = [
  ...numbers("10000 10016 170007 170032 170035 170146 170147 170001 170212 170234 170310 10019 3400214").map((
    code
  ): Row => [
    200,
    error(code, "Request timeout, please try again later"),
    unavailable(code)
  ]),
  [500, error(10016, "Internal server error."), unavailable(10016)],
  // Refused, and may be retried.
  [200, error(110079, "The order is processing and can not be operated."), unavailable(110079, "Rejected")],
  // An undocumented code has no meaning.
  [
    200,
    error(999_999, "A code to come."),
    { tag: "MalformedResponse", outcome: "Unknown", code: "999999" }
  ]
]

// An order with an unknown code was refused: the range of the code decides.
const ranged: ReadonlyArray<Row> = [30_999, 110_999, 170_100, 170_999].map((code) => [
  200,
  error(code, "A code to come."),
  refused("OrderRejected", code)
])

const country = "<html>The Amazon CloudFront distribution is configured to block access from your country.</html>"

// The exchange's error shape with an unknown code: the status decides, and the code is kept.
const unlisted: ReadonlyArray<Row> = [
  [503, error(999_999, "A code to come."), { tag: "ExchangeUnavailable", outcome: "Unknown", code: "999999" }],
  [404, error(999_999, "A code to come."), { tag: "InvalidRequest", outcome: "Rejected", code: "999999" }]
]

// Not in the exchange's error shape: only the status counts.
const byStatus: ReadonlyArray<Row> = [
  [502, "<html>502 Bad Gateway</html>", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [503, "", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [504, "<html>504 Gateway Time-out</html>", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [429, "", { tag: "RateLimited", outcome: "Unknown", retryAfter: 1000 }],
  // A restricted country, or a query with a body.
  [403, country, { tag: "PermissionDenied", outcome: "Unknown" }],
  [403, "<html>403 Forbidden</html>", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [401, "", { tag: "AuthenticationFailed", outcome: "Unknown" }],
  [400, "", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [404, "<html>404 Not Found</html>", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [200, "<html></html>", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "{\"retCode\":", { tag: "MalformedResponse", outcome: "Unknown" }],
  // Not the documented shape.
  [200, error("10003", "API key is invalid."), { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "{\"result\":{}}", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "[]", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "null", { tag: "MalformedResponse", outcome: "Unknown" }],
  [302, "", { tag: "ExchangeUnavailable", outcome: "Unknown" }]
]

const known = [...simple, ...parameters, ...tooMany, ...bans, ...failing, ...ranged, ...unlisted]

describe("classify", () => {
  for (const [status, body, expected, headers] of known) {
    it(`status ${status} ${body.slice(0, 80)} ${JSON.stringify(headers ?? {})} is ${expected.tag}`, () => {
      const error = errors.classify(answer(status, body, headers))
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), expected)
    })
  }

  for (const code of [110_043, 110_025, 110_026, 110_027, 34_040]) {
    it(`code ${code} is no error, as the requested state already holds`, () => {
      assert.isUndefined(errors.classify(answer(200, error(code, "not modified"))))
    })
  }

  for (const msg of ["OK", "", "success", "SUCCESS"]) {
    it(`code 0 "${msg}" is no error`, () => {
      assert.isUndefined(errors.classify(answer(200, error(0, msg))))
    })
  }

  it("has a detail if the exchange gives no reason", () => {
    const silent = errors.classify(answer(200, JSON.stringify({ retCode: 10005, retMsg: null, result: null })))
    assert.strictEqual(silent?.detail, "the exchange gave no reason")
    assert.strictEqual(silent?._tag, "PermissionDenied")
  })
})

describe("client", () => {
  const order = Endpoint.make({
    capability: "trading",
    name: "order",
    method: "POST",
    path: "/v5/order/create",
    body: "json",
    idempotency: "once",
    input: Endpoint.NoInput,
    response: Schema.Struct({ retCode: Schema.Literal(0) }),
    cost: { ip: 1 }
  })

  // An order is not retried, so there is only one response.
  const placed = (status: number, body: string, headers: { readonly [name: string]: string } = {}) =>
    TestClock.setTime(now).pipe(
      Effect.zipRight(
        ExchangeClient.make(protocol, {
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: Credentials.fixed(documented),
          retry: { attempts: 1 }
        }).pipe(Effect.provide(ExchangeState.layer))
      ),
      Effect.flatMap((client) => Effect.flip(client.request(order, {}))),
      Effect.scoped,
      Effect.provide(ScriptedHttp.layer(({ url }) =>
        url.includes("/v5/market/time")
          ? ScriptedHttp.json({ retCode: 0, result: {}, time: now })
          : ScriptedHttp.text(body, { status, headers })
      ))
    )

  for (const [status, body, expected, headers] of [...byStatus, ...known]) {
    it.effect(`fails to place an order: ${status} ${body.slice(0, 80)} ${JSON.stringify(headers ?? {})} is ${expected.tag}`, () =>
      Effect.gen(function*() {
        const error = yield* placed(status, body, headers)
        const { code: _, ...rest } = verdict(error)
        const { code: __, ...wanted } = expected
        assert.deepStrictEqual(rest, wanted)
      }))
  }
})
