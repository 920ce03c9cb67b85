import type { Credentials } from "@effect-exchange/core"
import { Endpoint, Protocol, Signature } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { protocol, sign, usage } from "../src/Protocol.js"
import { documented } from "./utils.js"

const limitOrder = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
const window = "recvWindow=5000&timestamp=1499827319559"

// rest-api.md, "SIGNED Endpoint Examples for POST /api/v3/order"; the second with a symbol beyond ASCII, the third with
// its parameters split between query and body.
const vectors = [
  {
    payload: `symbol=LTCBTC&${limitOrder}&${window}`,
    signature: "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
  },
  {
    payload: `symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&${limitOrder}&${window}`,
    signature: "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
  },
  {
    payload: `symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1&${window}`,
    signature: "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
  }
]

const order = { method: "POST", path: "/api/v3/order", body: "none" } as const

const moment = (now: number): Protocol.Moment => ({ now, nonce: 0n, host: "host.invalid" })

const signed = (prepared: Endpoint.Prepared, now = 1_499_827_319_559, credentials = documented) =>
  Either.getOrThrow(sign(prepared, credentials, moment(now)))

const reference = (payload: string): string =>
  createHmac("sha256", Redacted.value(documented.secret)).update(payload).digest("hex")

describe("sign", () => {
  for (const { payload, signature } of vectors) {
    it(`computes the documented HMAC-SHA256 signature ${signature.slice(0, 8)}`, () => {
      assert.strictEqual(Signature.hmacSha256Hex(documented.secret, payload), signature)
      assert.strictEqual(reference(payload), signature)
    })
  }

  it("gives the documented signature of a limit order", () => {
    const parameters = {
      symbol: "LTCBTC",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: 1,
      price: "0.1"
    }
    const request = signed(Endpoint.prepare(order, parameters))
    assert.strictEqual(request.query, `symbol=LTCBTC&${limitOrder}&${window}&signature=${vectors[0]?.signature}`)
    assert.strictEqual(request.signature, vectors[0]?.signature)
    assert.deepStrictEqual(request.headers, { "x-mbx-apikey": Redacted.value(documented.key) })
    assert.strictEqual(request.path, "/api/v3/order")
    assert.strictEqual(request.method, "POST")
  })

  it("signs the percent-encoded form of a symbol beyond ASCII", () => {
    const parameters = {
      symbol: "１２３４５６",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: 1,
      price: "0.1"
    }
    const request = signed(Endpoint.prepare(order, parameters))
    assert.strictEqual(request.signature, vectors[1]?.signature)
    assert.include(request.query, "symbol=%EF%BC%91%EF%BC%92")
  })

  it("signs a request without parameters, with no leading ampersand", () => {
    const prepared = Endpoint.prepare({ method: "GET", path: "/api/v3/account", body: "none" }, {})
    const request = signed(prepared)
    assert.strictEqual(request.query, `${window}&signature=${reference(window)}`)
  })

  it("signs the query and body concatenated, and keeps existing headers", () => {
    const prepared = Endpoint.prepare({ method: "POST", path: "/api/v3/order", body: "json" }, { price: 219.5 })
    const request = signed(prepared)
    assert.strictEqual(request.body, "{\"price\":219.5}")
    assert.strictEqual(request.signature, reference(`${window}{"price":219.5}`))
    assert.strictEqual(request.headers["content-type"], "application/json")
  })

  it.prop(
    "signs exactly the bytes that are sent, for any parameters",
    [FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()), FastCheck.nat()],
    ([parameters, now]) => {
      const request = signed(Endpoint.prepare(order, parameters), now)
      const sent = new URL(`https://host.invalid${request.path}?${request.query}`).search.slice(1)
      const mark = sent.lastIndexOf("&signature=")
      assert.strictEqual(sent, request.query)
      assert.strictEqual(sent.slice(mark + 11), reference(sent.slice(0, mark)))
      assert.isTrue(sent.slice(0, mark).endsWith(`recvWindow=5000&timestamp=${now}`))
    }
  )
})

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" })
  .toString()

// The test key of RFC 8032 and RFC 8037, in PKCS#8 and SPKI.
const ed25519 = {
  pem: "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
    "-----END PRIVATE KEY-----\n",
  spki: "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  payload:
    "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2&timestamp=1668481559918&recvWindow=5000",
  signature: "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg=="
}

const withSecret = (secret: string): Credentials.Credentials => ({ ...documented, secret: Redacted.make(secret) })

describe("sign with Ed25519", () => {
  const spki = createPublicKey({ key: Buffer.from(ed25519.spki, "base64"), format: "der", type: "spki" })

  const isValid = (payload: string, signature: string) =>
    verify(null, Buffer.from(payload), spki, Buffer.from(signature, "base64"))

  it("computes the signature of the test vector", () => {
    const key = Either.getOrThrow(Signature.privateKey(Redacted.make(ed25519.pem)))
    assert.strictEqual(Buffer.from(Signature.sign(key, ed25519.payload)).toString("base64"), ed25519.signature)
    assert.isTrue(isValid(ed25519.payload, ed25519.signature))
  })

  it("appends the percent-encoded signature to the query, over the parameters in their order", () => {
    const parameters = { symbol: "BTCUSDT", side: "SELL", price: "0.2" }
    const request = signed(Endpoint.prepare(order, parameters), 1_668_481_559_918, withSecret(ed25519.pem))
    const [payload = "", signature = ""] = request.query.split("&signature=")
    assert.strictEqual(payload, "symbol=BTCUSDT&side=SELL&price=0.2&recvWindow=5000&timestamp=1668481559918")
    assert.match(signature, /^[A-Za-z0-9%]+$/)
    assert.strictEqual(decodeURIComponent(signature), request.signature)
    assert.isTrue(isValid(payload, request.signature))
    assert.isFalse(isValid(`${payload}0`, request.signature))
    assert.strictEqual(request.headers["x-mbx-apikey"], Redacted.value(documented.key))
  })

  it("accepts a key whose line breaks are written as \\n", () => {
    const oneLine = withSecret(ed25519.pem.trim().replaceAll("\n", "\\n"))
    const prepared = Endpoint.prepare(order, {})
    assert.strictEqual(
      signed(prepared, 1, oneLine).signature,
      signed(prepared, 1, withSecret(ed25519.pem)).signature
    )
  })

  for (
    const [title, pem] of [
      ["a key of another curve", p256],
      ["a malformed key", "-----BEGIN PRIVATE KEY-----\nTk9LRVk=\n-----END PRIVATE KEY-----"],
      ["an RSA key", "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----"]
    ] as const
  ) {
    it(`refuses ${title} without revealing it`, () => {
      const refused = sign(Endpoint.prepare(order, {}), withSecret(pem), moment(1))
      assert(Either.isLeft(refused))
      assert.notInclude(refused.left, pem.split("\n")[1] ?? "")
    })
  }
})

describe("usage", () => {
  it("reads the weight used in the minute, for each family of paths", () => {
    assert.deepStrictEqual(
      usage({
        "x-mbx-used-weight": "1",
        "x-mbx-used-weight-1m": "25",
        "x-sapi-used-ip-weight-1m": "3"
      }),
      [{ scope: "ip", used: 25 }, { scope: "sapi", used: 3 }]
    )
    assert.deepStrictEqual(usage({ "x-mbx-used-weight-1m": "0" }), [{ scope: "ip", used: 0 }])
  })

  it("reads the counts of unfilled orders, in the exchange's windows of ten seconds and a day", () => {
    const date = "Mon, 23 Nov 2026 12:00:39 GMT"
    assert.deepStrictEqual(
      usage({ date, "x-mbx-order-count-10s": "3", "x-mbx-order-count-1d": "41" }),
      [
        { scope: "orders10s", used: 3, windowEnd: Date.parse("2026-11-23T12:00:40Z") },
        { scope: "orders1d", used: 41, windowEnd: Date.parse("2026-11-24T00:00:00Z") }
      ]
    )
  })

  it("ignores headers that are not a count", () => {
    for (const header of ["", "-1", "1.5", "1e3", "NaN", "25, 26", "9".repeat(10), " 25", "0x10"]) {
      assert.deepStrictEqual(usage({ "x-mbx-used-weight-1m": header }), [], header)
    }
    assert.deepStrictEqual(usage({}), [])
    const date = "Mon, 23 Nov 2026 12:00:59 GMT"
    assert.deepStrictEqual(
      usage({ date, "x-mbx-used-weight-1m": "7" }),
      [{ scope: "ip", used: 7, windowEnd: Date.parse("2026-11-23T12:01:00Z") }]
    )
  })
})

describe("protocol", () => {
  it("has the documented hosts and limits", () => {
    const { limits, live, testnet } = protocol
    assert.deepStrictEqual(live, { _tag: "Open", baseUrl: "https://api.binance.com" })
    assert.deepStrictEqual(testnet, { _tag: "Open", baseUrl: "https://testnet.binance.vision" })
    assert.deepStrictEqual(limits.map((limit) => [limit.scope, "limit" in limit ? limit.limit : limit.burst]), [
      ["ip", 6000],
      ["sapi", 6000],
      ["connections", 300],
      ["orders10s", 100],
      ["orders1d", 200_000]
    ])
    assert.deepStrictEqual(limits.map(({ per }) => per), [undefined, undefined, undefined, "key", "key"])
    assert.strictEqual(protocol.regions?.["us"]?.baseUrl, "https://api.binance.us")
    assert.deepStrictEqual(Protocol.limitsAt(protocol, "https://api.binance.us"), limits)
  })
})
