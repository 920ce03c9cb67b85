import { Endpoint } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { Either, FastCheck, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"
import { BybitEndpoints } from "../src/index.js"
import * as BybitProtocol from "../src/Protocol.js"
import * as Rows from "../src/Rows.js"
import { documented } from "./utils.js"

const at = 1_700_000_000_000

const moment = { now: at + BybitProtocol.timestampMargin, nonce: 0n, host: "api.bybit.com" }

const sign = (request: Endpoint.Prepared) => Either.getOrThrow(BybitProtocol.sign(request, documented, moment))

const get = (query: string): Endpoint.Prepared => ({ method: "GET", path: "/v5/test", query, body: "", headers: {} })
const post = (body: string): Endpoint.Prepared => ({ method: "POST", path: "/v5/test", query: "", body, headers: {} })

const reference = (payload: string, timestamp: number): string =>
  createHmac("sha256", "test_secret").update(`${timestamp}test_api_key5000${payload}`).digest("hex")

// Signatures of the key `test_api_key` with the secret `test_secret` at 1700000000000 with a window of 5000.
const vectors: ReadonlyArray<readonly [title: string, request: Endpoint.Prepared, signature: string]> = [
  [
    "a query",
    get("category=linear&symbol=BTCUSDT"),
    "fd4f31228a46109dc6673062328693696df9a96c7ff04e6491a45e7f63a0fdd7"
  ],
  [
    "a body with spaces",
    post("{\"category\": \"linear\", \"symbol\": \"BTCUSDT\", \"orderLinkId\": \"test-order-1\"}"),
    "2df4a0603d69c08d5dea29ba85b46eb7db64ce9e9ebd34a7802a3d69700cb2a1"
  ],
  [
    "an order",
    post(
      "{\"category\":\"linear\",\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.001\"," +
        "\"price\":\"60000\",\"timeInForce\":\"PostOnly\",\"orderLinkId\":\"test-order-1\"}"
    ),
    "3cfe59b27bf570fe339dc569f0d005742c65d871e422f4fd709af40cd4fa26ee"
  ],
  ["an empty query", get(""), "cfffd774219bfa1d400476f699f830daaedcd3c41faa1dbdda95a8f4dd8170cc"]
]

describe("sign", () => {
  for (const [title, request, signature] of vectors) {
    it(`computes the reference signature of ${title}`, () => {
      const signed = sign(request)
      assert.strictEqual(signed.signature, signature)
      assert.deepStrictEqual(signed, {
        ...request,
        signature,
        headers: {
          "x-bapi-api-key": "test_api_key",
          "x-bapi-timestamp": String(at),
          "x-bapi-recv-window": "5000",
          "x-bapi-sign": signature
        }
      })
    })
  }

  it("encodes a cancellation as the reference signature has it", () => {
    const parameters = Either.getOrThrow(BybitEndpoints.orderCancel.encode({
      category: "linear",
      symbol: "BTCUSDT",
      orderLinkId: "test-order-1"
    }))
    const signed = sign(Endpoint.prepare(BybitEndpoints.orderCancel, parameters))
    assert.strictEqual(signed.body, "{\"category\":\"linear\",\"symbol\":\"BTCUSDT\",\"orderLinkId\":\"test-order-1\"}")
    assert.strictEqual(signed.signature, reference(signed.body, at))
    assert.strictEqual(signed.headers["content-type"], "application/json")
  })

  it("sends no body and no content type with a query", () => {
    const prepared = Endpoint.prepare(BybitEndpoints.queryApi, {})
    assert.strictEqual(prepared.body, "")
    assert.deepStrictEqual(prepared.headers, {})
  })

  it("refuses an RSA key without revealing it", () => {
    const secret = Redacted.make("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----")
    const refused = BybitProtocol.sign(get(""), { ...documented, secret }, moment)
    assertLeft(refused, "RSA keys are not supported; create a system-generated key")
  })

  it.prop(
    "signs exactly the bytes that are sent, for any parameters",
    [FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()), FastCheck.nat()],
    ([parameters, now]) => {
      const endpoint = { method: "GET", path: "/v5/test", body: "none" } as const
      const signed = Either.getOrThrow(
        BybitProtocol.sign(Endpoint.prepare(endpoint, parameters), documented, { ...moment, now: now + 500 })
      )
      const sent = new URL(`https://host.invalid${signed.path}?${signed.query}`).search.slice(1)
      assert.strictEqual(sent, signed.query)
      assert.strictEqual(signed.signature, reference(sent, now))
    }
  )
})

describe("cursors", () => {
  const sent = (cursor: string): string =>
    Endpoint.prepare(
      BybitEndpoints.orderRealtime,
      Either.getOrThrow(BybitEndpoints.orderRealtime.encode({
        category: "spot",
        cursor: Schema.decodeUnknownSync(Rows.page(Rows.Order))({ list: [], nextPageCursor: cursor }).next
      }))
    ).query

  it("are sent back unchanged", () => {
    for (
      const cursor of [
        "page_args%3Dfd4300ae-7847-404e-b947-b46980a4d140%26symbol%3D6%26",
        "132766%3A2%2C132766%3A2",
        "page_token%3D39380%26"
      ]
    ) {
      assert.strictEqual(sent(cursor), `category=spot&cursor=${cursor}`)
    }
  })

  it("are percent-encoded if they are not", () => {
    assert.strictEqual(sent("a=b&c"), "category=spot&cursor=a%3Db%26c")
    assert.strictEqual(sent("100%"), "category=spot&cursor=100%25")
  })
})

describe("protocol", () => {
  const { protocol } = BybitProtocol

  it("has the documented hosts and limits", () => {
    assert.deepStrictEqual(protocol.live, { _tag: "Open", baseUrl: "https://api.bybit.com" })
    assert.deepStrictEqual(protocol.testnet, { _tag: "Open", baseUrl: "https://api-testnet.bybit.com" })
    assert.deepStrictEqual(
      Object.fromEntries(
        Object.entries(BybitEndpoints.limits).map(([scope, { limit, window }]) => [scope, `${limit} in ${window}`])
      ),
      {
        ip: "500 in 5 seconds",
        connections: "500 in 5 minutes",
        queryApi: "10 in 1 second",
        walletBalance: "50 in 1 second",
        positionList: "50 in 1 second",
        orderRealtime: "50 in 1 second",
        orderHistory: "50 in 1 second",
        executionList: "50 in 1 second",
        create: "10 in 1 second",
        "create.spot": "20 in 1 second",
        amend: "10 in 1 second",
        "amend.spot": "10 in 1 second",
        cancel: "10 in 1 second",
        "cancel.spot": "20 in 1 second",
        cancelAll: "10 in 1 second",
        "cancelAll.spot": "20 in 1 second"
      }
    )
  })

  it("charges each endpoint to an existing limit", () => {
    const scopes = new Set(protocol.limits.map(({ scope }) => scope))
    const reference = { symbol: "BTCUSDT", orderId: "1", qty: undefined, price: undefined }
    for (const category of ["spot", "linear", "inverse"] as const) {
      for (const endpoint of [BybitEndpoints.orderAmend, BybitEndpoints.orderCancel, BybitEndpoints.orderCancelAll]) {
        const cost = endpoint.cost({ category, ...reference })
        assert.deepStrictEqual(Object.keys(cost).filter((scope) => !scopes.has(scope)), [])
        assert.strictEqual(Object.keys(cost).some((scope) => scope.endsWith(".spot")), category === "spot")
      }
    }
    for (
      const cost of [
        BybitEndpoints.serverTime.cost({}),
        BybitEndpoints.queryApi.cost({}),
        BybitEndpoints.walletBalance.cost({ accountType: "UNIFIED" }),
        BybitEndpoints.positionList.cost({ category: "linear" }),
        BybitEndpoints.orderRealtime.cost({ category: "linear" }),
        BybitEndpoints.orderHistory.cost({ category: "linear", symbol: "BTCUSDT" }),
        BybitEndpoints.executionList.cost({ category: "linear", symbol: "BTCUSDT" })
      ]
    ) {
      assert.deepStrictEqual(Object.keys(cost).filter((scope) => !scopes.has(scope)), [])
    }
  })

  it("counts what is used of the limit of the endpoint, and reads its reset once it is exhausted", () => {
    const headers = (left: string) => ({
      "x-bapi-limit": "10",
      "x-bapi-limit-status": left,
      "x-bapi-limit-reset-timestamp": "1763942401234"
    })
    const cost = BybitEndpoints.orderCancel.cost({ category: "linear", symbol: "BTCUSDT", orderId: "1" })
    assert.deepStrictEqual(BybitProtocol.usage({ headers: headers("7"), auth: "signed", cost }), [{
      scope: "cancel",
      used: 3
    }])
    assert.deepStrictEqual(BybitProtocol.usage({ headers: headers("0"), auth: "signed", cost }), [
      { scope: "cancel", used: 10, windowEnd: 1_763_942_401_234 }
    ])
    // An account with a higher limit has used none of the default limit.
    assert.deepStrictEqual(BybitProtocol.usage({ headers: headers("19"), auth: "signed", cost }), [{
      scope: "cancel",
      used: 0
    }])
    for (const left of ["", "-1", "1.5", "NaN", "1234567"]) {
      assert.deepStrictEqual(BybitProtocol.usage({ headers: headers(left), auth: "signed", cost }), [], left)
    }
    assert.deepStrictEqual(BybitProtocol.usage({ headers: headers("7"), auth: "none", cost: { ip: 1 } }), [])
  })

  it("retries reads and cancellations, and sends an order or an amendment once", () => {
    const { orderAmend, orderCancel, orderCancelAll, orderCreate, orderCreateBatch, orderRealtime } = BybitEndpoints
    assert.deepStrictEqual(
      [orderRealtime, orderCancel, orderCancelAll, orderCreate, orderCreateBatch, orderAmend].map((endpoint) =>
        endpoint.idempotency
      ),
      ["safe", "idempotent", "idempotent", "once", "once", "once"]
    )
  })
})
