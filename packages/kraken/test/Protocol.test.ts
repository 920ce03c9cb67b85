import type { Credentials } from "@effect-exchange/core"
import { Endpoint, type Protocol } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { Either, FastCheck, Redacted } from "effect"
import { createHash, createHmac } from "node:crypto"
import * as KrakenProtocol from "../src/Protocol.js"
import { documented } from "./utils.js"

const form = (path: string) => ({ method: "POST", path, body: "form" }) as const
const json = (path: string) => ({ method: "POST", path, body: "json" }) as const

const sign = (
  endpoint: Parameters<typeof Endpoint.prepare>[0],
  parameters: Endpoint.Parameters,
  nonce: bigint,
  credentials: Credentials.Credentials = documented
): Protocol.Signed =>
  Either.getOrThrow(
    KrakenProtocol.sign(Endpoint.prepare(endpoint, parameters), credentials, { nonce, now: 0, host: "" })
  )

/** An independent implementation of Kraken's signature. */
const reference = (path: string, nonce: bigint, body: string): string =>
  createHmac("sha512", Buffer.from(Redacted.value(documented.secret), "base64"))
    .update(path)
    .update(createHash("sha256").update(`${nonce}${body}`).digest())
    .digest("base64")

const vectors = [
  {
    endpoint: form("/0/private/AddOrder"),
    parameters: { ordertype: "limit", pair: "XBTUSD", price: 37500, type: "buy", volume: 1.25 },
    body: "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25",
    signature: "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
  },
  {
    endpoint: form("/0/private/Balance"),
    parameters: {},
    body: "nonce=1616492376594",
    signature: "1nH4vwR+8FHiYh1QT649xXkGd3JR3x0DWkgv3u9Ed/Qqv6KPtgQpEU4m+Emb/VgpEji3j1XNwI+HCbfXxmrTOg=="
  },
  {
    endpoint: json("/0/private/GetApiKeyInfo"),
    parameters: {},
    body: "{\"nonce\":1616492376594}",
    signature: "Y+PfSbsXlj0sbAZDcyVp1igUnTeH91+HlgIEpJPjm/aBixgDgGhE06PvYLTJcj4blYBia7u1jnzYJXwj2zTODA=="
  }
]

describe("sign", () => {
  for (const { body, endpoint, parameters, signature } of vectors) {
    it(`computes the documented signature of ${endpoint.path}`, () => {
      const signed = sign(endpoint, parameters, 1_616_492_376_594n)
      assert.strictEqual(signed.body, body)
      assert.strictEqual(signed.signature, signature)
      assert.strictEqual(signed.path, endpoint.path)
      assert.strictEqual(signed.query, "")
      assert.deepStrictEqual(signed.headers, {
        "content-type": endpoint.body === "form" ? "application/x-www-form-urlencoded" : "application/json",
        "api-key": Redacted.value(documented.key),
        "api-sign": signature
      })
    })
  }

  it("adds the nonce first in a JSON body with fields", () => {
    const nonce = 1_763_942_400_000_001n
    const signed = sign(json("/0/private/CancelOrderBatch"), { orders: ["OAAAAA-BBBBB-CCCCCC"] }, nonce)
    assert.strictEqual(signed.body, "{\"nonce\":1763942400000001,\"orders\":[\"OAAAAA-BBBBB-CCCCCC\"]}")
    assert.strictEqual(signed.signature, reference("/0/private/CancelOrderBatch", nonce, signed.body))
  })

  it("refuses a secret that is not base64 without revealing it", () => {
    const prepared = Endpoint.prepare(form("/0/private/Balance"), {})
    const secret = Redacted.make("not*base64")
    assertLeft(
      KrakenProtocol.sign(prepared, { key: documented.key, secret }, { nonce: 1n, now: 0, host: "" }),
      "the secret is not valid base64; copy the complete secret from the exchange"
    )
  })

  it.prop(
    "signs exactly the bytes that are sent, for any parameters",
    [
      FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()),
      FastCheck.bigInt({ min: 0n, max: 2n ** 53n }),
      FastCheck.boolean()
    ],
    ([parameters, nonce, asForm]) => {
      const path = "/0/private/AddOrder"
      const signed = sign(asForm ? form(path) : json(path), parameters, nonce)
      assert.strictEqual(signed.signature, reference(path, nonce, signed.body))
      assert.isTrue(signed.body.startsWith(asForm ? `nonce=${nonce}` : `{"nonce":${nonce}`))
      if (!asForm) JSON.parse(signed.body)
    }
  )
})

describe("protocol", () => {
  it("has the documented host, no testnet, and the limits of the Intermediate tier", () => {
    const { learn, limits, live, nonces, testnet } = KrakenProtocol.protocol
    assert.deepStrictEqual(live, { _tag: "Open", baseUrl: "https://api.kraken.com" })
    assert.strictEqual(testnet._tag, "None")
    assert.strictEqual(nonces, "ordered")
    assert.deepStrictEqual(limits, [
      { scope: "public", limit: 1, window: "1 second" },
      { scope: "key", burst: 18, perSecond: 0.5, per: "key" },
      { scope: "trading", burst: 120, perSecond: 2.3, per: "key" }
    ])
    assert.deepStrictEqual(
      learn({ headers: { "x-ratelimit-used": "1" }, json: {}, auth: "signed", cost: { key: 1 } }),
      {}
    )
  })
})
