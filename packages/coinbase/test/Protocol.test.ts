import { Endpoint, Signature } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { Either, FastCheck, Redacted, Schema } from "effect"
import { createPublicKey, verify } from "node:crypto"
import * as CoinbaseProtocol from "../src/Protocol.js"

const kid = "organizations/00000000-0000-0000-0000-000000000000/apiKeys/11111111-1111-1111-1111-111111111111"
const nonce = "00112233445566778899aabbccddeeff"
const claims = { kid, nonce, now: 1_700_000_000, uri: "GET api.coinbase.com/api/v3/brokerage/accounts" }

const headerOf = {
  ES256:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Im9yZ2FuaXphdGlvbnMvMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwL2FwaUtleXMvMTExMTExMTEtMTExMS0xMTExLTExMTEtMTExMTExMTExMTExIiwibm9uY2UiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiJ9",
  EdDSA:
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6Im9yZ2FuaXphdGlvbnMvMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwL2FwaUtleXMvMTExMTExMTEtMTExMS0xMTExLTExMTEtMTExMTExMTExMTExIiwibm9uY2UiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiJ9"
}
const payload =
  "eyJzdWIiOiJvcmdhbml6YXRpb25zLzAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMC9hcGlLZXlzLzExMTExMTExLTExMTEtMTExMS0xMTExLTExMTExMTExMTExMSIsImlzcyI6ImNkcCIsIm5iZiI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMTIwLCJ1cmkiOiJHRVQgYXBpLmNvaW5iYXNlLmNvbS9hcGkvdjMvYnJva2VyYWdlL2FjY291bnRzIn0"
const eddsa = "fc8JDW6w9d2xHLicnkduzbA_hCdxh3P9lHD2WPTePKphKcGLh1OAsQg2oL39s_uPRp4hc8BhY_RdBZJx7oMXBg"

// The key of RFC 8037, appendix A, in the form of the portal, as the seed alone, and as PKCS #8.
const seed = Buffer.from(
  "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==",
  "base64"
)
const bare = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed.subarray(0, 32)]).toString(
  "base64"
)
const ed25519 = {
  "seed and public key": seed.toString("base64"),
  "seed": seed.subarray(0, 32).toString("base64"),
  "PKCS #8 without its lines": bare,
  "PKCS #8": `-----BEGIN PRIVATE KEY-----\n${bare}\n-----END PRIVATE KEY-----\n`
}

// The key of RFC 7515, appendix A.3.
const jwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
}
const lines = (body: string): string => body.replace(/.{64}(?=.)/g, "$&\n")
const sec1 = `-----BEGIN EC PRIVATE KEY-----\n${
  lines(
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ=="
  )
}\n-----END EC PRIVATE KEY-----\n`
const pkcs8 = `-----BEGIN PRIVATE KEY-----\n${
  lines(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIffH1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt"
  )
}\n-----END PRIVATE KEY-----\n`

const keyOf = (secret: string) => Either.getOrThrow(Signature.privateKey(Redacted.make(secret)))

const verifies = (input: string, signature: string): boolean =>
  verify("sha256", Buffer.from(input), {
    key: createPublicKey({ key: jwk, format: "jwk" }),
    dsaEncoding: "ieee-p1363"
  }, Buffer.from(signature, "base64url"))

const split = (token: string) => {
  const [header = "", payload = "", signature = ""] = token.split(".")
  return { header, payload, signature }
}

describe("token", () => {
  for (const [form, secret] of Object.entries(ed25519)) {
    it(`computes the token of an Ed25519 key: ${form}`, () => {
      const token = CoinbaseProtocol.token(keyOf(secret), claims)
      assert.strictEqual(token, `${headerOf.EdDSA}.${payload}.${eddsa}`)
    })
  }

  for (const [form, secret] of Object.entries({ sec1, pkcs8, "sec1 in one line": sec1.replaceAll("\n", "\\n") })) {
    it(`computes a token that the public key of a P-256 key verifies: ${form}`, () => {
      const token = split(CoinbaseProtocol.token(keyOf(secret), claims))
      assert.deepStrictEqual({ ...token, signature: "" }, { header: headerOf.ES256, payload, signature: "" })
      assert.strictEqual(Buffer.from(token.signature, "base64url").length, 64)
      assert.isTrue(verifies(`${token.header}.${token.payload}`, token.signature))
    })
  }

  it("signs the examples of RFC 7515 and RFC 8037", () => {
    assert.isTrue(verifies(
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    ))
    assert.strictEqual(
      Buffer.from(
        Signature.sign(keyOf(ed25519.seed), "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
      ).toString("base64url"),
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
  })
})

const Header = Schema.parseJson(Schema.Struct({ alg: Schema.String, kid: Schema.String, nonce: Schema.String }))
const Payload = Schema.parseJson(
  Schema.Struct({ sub: Schema.String, nbf: Schema.Number, exp: Schema.Number, uri: Schema.String })
)
const read = <A>(schema: Schema.Schema<A, string>, part: string): A =>
  Schema.decodeSync(schema)(Buffer.from(part, "base64url").toString("utf8"))

const credentials = { key: Redacted.make(kid), secret: Redacted.make(ed25519.seed) }
const place = { method: "POST", path: "/api/v3/brokerage/orders", body: "json" } as const
const list = { method: "GET", path: "/api/v3/brokerage/orders/historical/batch", body: "none" } as const
const moment = { now: 1_700_000_000_999, nonce: 1_700_000_000_999_000n, host: "api.coinbase.com" }

describe("sign", () => {
  it("names the method, host and path in the token, without scheme or query", () => {
    const prepared = Endpoint.prepare(list, { product_ids: ["BTC-USD", "ETH-USD"] })
    const signed = Either.getOrThrow(CoinbaseProtocol.sign(prepared, credentials, moment))
    const { header, payload } = split(signed.signature)
    assert.strictEqual(signed.headers["authorization"], `Bearer ${signed.signature}`)
    assert.strictEqual(signed.query, "product_ids=BTC-USD&product_ids=ETH-USD")
    assert.deepStrictEqual(read(Payload, payload), {
      sub: kid,
      nbf: 1_700_000_000,
      exp: 1_700_000_120,
      uri: "GET api.coinbase.com/api/v3/brokerage/orders/historical/batch"
    })
    const { alg, kid: named, nonce } = read(Header, header)
    assert.deepStrictEqual([alg, named], ["EdDSA", kid])
    assert.match(nonce, /^[0-9a-f]{32}$/)
  })

  it("names a host with its port, and sends the body unchanged", () => {
    const prepared = Endpoint.prepare(place, { client_order_id: "a" })
    const signed = Either.getOrThrow(
      CoinbaseProtocol.sign(prepared, credentials, { ...moment, host: "127.0.0.1:8080" })
    )
    assert.strictEqual(
      read(Payload, split(signed.signature).payload).uri,
      "POST 127.0.0.1:8080/api/v3/brokerage/orders"
    )
    assert.strictEqual(signed.body, "{\"client_order_id\":\"a\"}")
    assert.strictEqual(signed.headers["content-type"], "application/json")
  })

  it.prop(
    "adds a different nonce to every request",
    [FastCheck.uniqueArray(FastCheck.bigInt({ min: 0n, max: 2n ** 64n }), { minLength: 2, maxLength: 5 })],
    ([nonces]) => {
      const prepared = Endpoint.prepare(list, {})
      const seen = nonces.map((nonce) =>
        read(
          Header,
          split(Either.getOrThrow(CoinbaseProtocol.sign(prepared, credentials, { ...moment, nonce })).signature)
            .header
        ).nonce
      )
      assert.strictEqual(new Set(seen).size, nonces.length)
    }
  )

  it("refuses a secret that is no private key without revealing it", () => {
    const secret = Redacted.make("hunter2-hunter2")
    assertLeft(
      CoinbaseProtocol.sign(Endpoint.prepare(list, {}), { ...credentials, secret }, moment),
      "the secret is neither PEM nor base64"
    )
  })
})

describe("usage", () => {
  it("counts what is used of the limit of the address or of the user", () => {
    const headers = { "x-ratelimit-limit": "30", "x-ratelimit-remaining": "27", "x-ratelimit-reset": "1" }
    assert.deepStrictEqual(CoinbaseProtocol.usage(headers, "signed"), [{ scope: "user", used: 3 }])
    assert.deepStrictEqual(CoinbaseProtocol.usage(headers, "none"), [{ scope: "ip", used: 3 }])
  })

  it("sets no end of the window, whatever the reset header", () => {
    for (const reset of ["1763942401", "2", "", "soon"]) {
      const headers = { "x-ratelimit-limit": "30", "x-ratelimit-remaining": "27", "x-ratelimit-reset": reset }
      const date = new Date(1_763_942_400_000).toUTCString()
      assert.deepStrictEqual(
        CoinbaseProtocol.usage({ ...headers, date }, "signed"),
        [{ scope: "user", used: 3 }],
        reset
      )
    }
  })

  it("ignores headers that are not a count", () => {
    for (const remaining of [undefined, "", "-1", "1.5", "1e1", "NaN", "31", "1234567"]) {
      const headers = { "x-ratelimit-limit": "30", "x-ratelimit-remaining": remaining }
      assert.deepStrictEqual(CoinbaseProtocol.usage(headers, "signed"), [], remaining)
    }
    assert.deepStrictEqual(CoinbaseProtocol.usage({ "x-ratelimit-remaining": "1" }, "signed"), [])
  })
})

describe("protocol", () => {
  it("has the documented host and limits, and no testnet", () => {
    const { limits, live, testnet } = CoinbaseProtocol.protocol
    assert.deepStrictEqual(live, { _tag: "Open", baseUrl: "https://api.coinbase.com" })
    assert.strictEqual(testnet._tag, "None")
    assert.deepStrictEqual(
      limits.map((limit) => [limit.scope, "limit" in limit ? limit.limit : limit.burst]),
      [["ip", 10], ["connections", 8], ["messages", 8], ["user", 30]]
    )
  })
})
