import type { Credentials } from "@effect-exchange/core"
import { Endpoint, type Protocol, Signature } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { createHmac } from "node:crypto"
import * as BitMexProtocol from "../src/Protocol.js"
import { documented } from "./utils.js"

const none = { method: "GET", path: "/api/v1/instrument", query: "", body: "", headers: {} } as const

// The three vectors of the API key documents, and the one of the WebSocket.
const vectors = [
  {
    name: "a bare path",
    request: none,
    expires: 1_518_064_236,
    payload: "GET/api/v1/instrument1518064236",
    signature: "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00"
  },
  {
    // With `%20` for the space, the signature differs: the text that is sent counts.
    name: "a query with a plus for the space",
    request: { ...none, query: "filter=%7B%22symbol%22%3A+%22XBTM15%22%7D" },
    expires: 1_518_064_237,
    payload: "GET/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D1518064237",
    signature: "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f"
  },
  {
    // `JSON.stringify` would make 219 of 219.0: the body is signed as text.
    name: "a body with 219.0 as it is sent",
    request: {
      ...none,
      method: "POST",
      path: "/api/v1/order",
      body: "{\"symbol\":\"XBTM15\",\"price\":219.0,\"clOrdID\":\"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA\",\"orderQty\":98}"
    },
    expires: 1_518_064_238,
    payload: "POST/api/v1/order1518064238{\"symbol\":\"XBTM15\",\"price\":219.0," +
      "\"clOrdID\":\"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA\",\"orderQty\":98}",
    signature: "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b"
  },
  {
    name: "a WebSocket's path",
    request: { ...none, path: "/realtime" },
    expires: 1_518_064_236,
    payload: "GET/realtime1518064236",
    signature: "6d459dc02866d35a2b965edeecc68063d488e296b77982235fc6eca24b934945"
  }
] as const

const reference = (payload: string): string =>
  createHmac("sha256", Redacted.value(documented.secret)).update(payload).digest("hex")

const at = (expires: number): number => (expires - BitMexProtocol.expiresAfter) * 1000

const sign = (request: Endpoint.Prepared, credentials: Credentials.Credentials, now: number): Protocol.Signed =>
  Either.getOrThrow(BitMexProtocol.sign(request, credentials, { now, nonce: 1n, host: "host.invalid" }))

describe("sign", () => {
  for (const { expires, name, payload, request, signature } of vectors) {
    it(`computes the documented signature of ${name}`, () => {
      assert.strictEqual(Signature.hmacSha256Hex(documented.secret, payload), signature)
      const signed = sign(request, documented, at(expires))
      assert.deepStrictEqual(signed, {
        ...request,
        headers: {
          "api-key": "LAqUlngMIQkIUjXMUreyu3qn",
          "api-expires": String(expires),
          "api-signature": signature
        },
        signature
      })
    })
  }

  it("computes another signature for an equivalent encoding", () => {
    const [, query, body] = vectors
    const spaced = { ...query.request, query: query.request.query.replace("+", "%20") }
    assert.strictEqual(sign(spaced, documented, at(query.expires)).signature.slice(0, 8), "5b08109d")
    const reserialized = { ...body.request, body: JSON.stringify(JSON.parse(body.request.body)) }
    assert.strictEqual(sign(reserialized, documented, at(body.expires)).signature.slice(0, 8), "3143de66")
  })

  it("sets the expiry ten seconds ahead, in whole seconds", () => {
    for (const now of [at(1_518_064_236), at(1_518_064_236) + 999, at(1_518_064_236) + 999.99]) {
      assert.strictEqual(sign(none, documented, now).headers["api-expires"], "1518064236")
    }
    const later = sign(none, documented, at(1_518_064_236) + 1000)
    assert.strictEqual(later.headers["api-expires"], "1518064237")
  })

  it("keeps existing headers", () => {
    const prepared = Endpoint.prepare({ method: "POST", path: "/api/v1/order", body: "json" }, { orderQty: 98 })
    const signed = sign(prepared, documented, at(1_518_064_236))
    assert.strictEqual(signed.headers["content-type"], "application/json")
    assert.strictEqual(signed.signature, reference("POST/api/v1/order1518064236{\"orderQty\":98}"))
  })

  it.prop(
    "signs exactly what is sent, for any parameters",
    [
      FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()),
      FastCheck.constantFrom("none" as const, "json" as const),
      FastCheck.constantFrom("GET" as const, "POST" as const, "PUT" as const, "DELETE" as const),
      FastCheck.nat()
    ],
    ([parameters, body, method, now]) => {
      const prepared = Endpoint.prepare({ method, path: "/api/v1/order", body }, parameters)
      const signed = sign(prepared, documented, now)
      const url = new URL(`https://host.invalid${signed.path}${signed.query === "" ? "" : `?${signed.query}`}`)
      assert.strictEqual(
        signed.headers["api-signature"],
        reference(method + url.pathname + url.search + signed.headers["api-expires"] + signed.body)
      )
      assert.strictEqual(signed.body, prepared.body)
    }
  )
})

const { usage } = BitMexProtocol

describe("usage", () => {
  it("counts what is used of the limit the request falls under", () => {
    const headers = { "x-ratelimit-limit": "120", "x-ratelimit-remaining": "119", "x-ratelimit-reset": "1763942401" }
    assert.deepStrictEqual(usage(headers, "signed"), [
      { scope: "key", used: 1, windowEnd: 1_763_942_401_000 }
    ])
    assert.deepStrictEqual(usage({ "x-ratelimit-remaining": "0" }, "none"), [{ scope: "ip", used: 30 }])
    // An account with a higher limit has used none of the default limit.
    assert.deepStrictEqual(usage({ "x-ratelimit-remaining": "299" }, "signed"), [
      { scope: "key", used: 0 }
    ])
  })

  it("counts what is used of the limit of ten orders a second, if the exchange reports it", () => {
    const headers = { "x-ratelimit-remaining": "100", "x-ratelimit-remaining-1s": "7" }
    assert.deepStrictEqual(usage(headers, "signed"), [
      { scope: "key", used: 20 },
      { scope: "order", used: 3 }
    ])
    assert.deepStrictEqual(usage({ "x-ratelimit-remaining-1s": "19" }, "signed"), [
      { scope: "order", used: 0 }
    ])
  })

  it("ignores headers that are not a count", () => {
    for (const header of ["", "-1", "29.5", "1e1", "NaN", "9".repeat(10), "0x1"]) {
      assert.deepStrictEqual(usage({ "x-ratelimit-remaining": header }, "none"), [], header)
      assert.deepStrictEqual(
        usage({ "x-ratelimit-remaining": "29", "x-ratelimit-reset": `${header}x` }, "none"),
        [{ scope: "ip", used: 1 }]
      )
    }
    assert.deepStrictEqual(usage({}, "signed"), [])
  })
})

describe("protocol", () => {
  it("has no open host, and has the limits of the archived documents", () => {
    const { limits, live, testnet } = BitMexProtocol.protocol
    for (const host of [live, testnet]) {
      assert(host._tag === "Closed")
      assert.strictEqual(host.since, "2026-09-23")
    }
    assert.deepStrictEqual(limits, [
      { scope: "ip", burst: 30, perSecond: 0.5 },
      { scope: "key", burst: 120, perSecond: 2, per: "key", reserved: 10 },
      { scope: "order", limit: 10, window: "1 second", per: "key" },
      { scope: "connections", burst: 40, perSecond: 20 / 3600 }
    ])
  })
})
