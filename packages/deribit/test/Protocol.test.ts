import { Endpoint } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { protocol, signHeader, signParameters } from "../src/Protocol.js"
import { documented } from "./utils.js"

const get = (path: string) => ({ method: "GET", path, body: "none" }) as const

// The documentation has a nonce of letters, while ours are numbers. This is an independent implementation.
const reference = (text: string) => createHmac("sha256", Redacted.value(documented.secret)).update(text).digest("hex")

describe("reference signature", () => {
  it("is the documented one", () => {
    assert.strictEqual(
      reference("1576074319000\n1iqt2wls\nGET\n/api/v2/private/get_account_summary?currency=BTC\n\n"),
      "9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab"
    )
    assert.strictEqual(
      reference("1576074319000\n1iqt2wls\n"),
      "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
    )
  })
})

describe("sign", () => {
  it.prop(
    "signs exactly what is sent, in the header",
    [
      FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()),
      FastCheck.bigInt(0n, 2n ** 53n)
    ],
    ([parameters, nonce]) => {
      const path = "/api/v2/private/buy"
      const prepared = Endpoint.prepare(get(path), parameters)
      const signed = Either.getOrThrow(signHeader(prepared, documented, { now: 1_576_074_319_000, nonce, host: "" }))
      const target = signed.query === "" ? path : `${path}?${signed.query}`
      const signature = reference(`1576074319000\n${nonce}\nGET\n${target}\n\n`)
      assert.strictEqual(signed.signature, signature)
      assert.strictEqual(
        signed.headers["authorization"],
        `deri-hmac-sha256 id=AMANDA,ts=1576074319000,nonce=${nonce},sig=${signature}`
      )
      assert.strictEqual(signed.query, prepared.query)
    }
  )

  it("signs the parameters of a session", () => {
    const prepared = Endpoint.prepare(get("/api/v2/public/auth"), { grant_type: "client_signature" })
    const signed = Either.getOrThrow(signParameters(prepared, documented, { now: 5, nonce: 7n, host: "" }))
    const signature = reference("5\n7\n")
    assert.strictEqual(
      signed.query,
      `grant_type=client_signature&client_id=AMANDA&timestamp=5&nonce=7&data=&signature=${signature}`
    )
    assert.deepStrictEqual(signed.headers, prepared.headers)
  })

  it("uses the scheme of the endpoint, or the header by default", () => {
    const prepared = Endpoint.prepare(get("/api/v2/private/buy"), {})
    const moment = { now: 5, nonce: 7n, host: "" }
    const by = (scheme?: string) => protocol.sign(prepared, documented, { ...moment, scheme })
    assert.deepStrictEqual(by(), signHeader(prepared, documented, moment))
    assert.deepStrictEqual(by("parameters"), signParameters(prepared, documented, moment))
    assert.isTrue(Either.isLeft(by("nosuch")))
  })
})

describe("protocol", () => {
  it("has the documented hosts", () => {
    assert.deepStrictEqual(protocol.live, { _tag: "Open", baseUrl: "https://www.deribit.com" })
    assert.deepStrictEqual(protocol.testnet, { _tag: "Open", baseUrl: "https://test.deribit.com" })
  })
})
