import { Endpoint, Signature } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { BinanceProtocol } from "../src/index.js"
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

const reference = (payload: string): string =>
  createHmac("sha256", Redacted.value(documented.secret)).update(payload).digest("hex")

describe("sign", () => {
  for (const { payload, signature } of vectors) {
    it(`hmacSha256Hex gives the documented ${signature.slice(0, 8)}`, () => {
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
    const signed = BinanceProtocol.sign(Endpoint.prepare(order, parameters), documented, 1_499_827_319_559)
    assert.strictEqual(signed.query, `symbol=LTCBTC&${limitOrder}&${window}&signature=${vectors[0]?.signature}`)
    assert.strictEqual(signed.signature, vectors[0]?.signature)
    assert.deepStrictEqual(signed.headers, { "x-mbx-apikey": Redacted.value(documented.key) })
    assert.strictEqual(signed.path, "/api/v3/order")
    assert.strictEqual(signed.method, "POST")
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
    const signed = BinanceProtocol.sign(Endpoint.prepare(order, parameters), documented, 1_499_827_319_559)
    assert.strictEqual(signed.signature, vectors[1]?.signature)
    assert.include(signed.query, "symbol=%EF%BC%91%EF%BC%92")
  })

  it("signs a request without parameters: no ampersand in front", () => {
    const prepared = Endpoint.prepare({ method: "GET", path: "/api/v3/account", body: "none" }, {})
    const signed = BinanceProtocol.sign(prepared, documented, 1_499_827_319_559)
    assert.strictEqual(signed.query, `${window}&signature=${reference(window)}`)
  })

  it("signs query and body with nothing between them, and keeps the headers there were", () => {
    const prepared = Endpoint.prepare({ method: "POST", path: "/api/v3/order", body: "json" }, { price: 219.5 })
    const signed = BinanceProtocol.sign(prepared, documented, 1_499_827_319_559)
    assert.strictEqual(signed.body, "{\"price\":219.5}")
    assert.strictEqual(signed.signature, reference(`${window}{"price":219.5}`))
    assert.strictEqual(signed.headers["content-type"], "application/json")
  })

  it.prop(
    "signs exactly the bytes that are sent, whatever the parameters",
    [FastCheck.dictionary(FastCheck.string({ unit: "binary" }), FastCheck.string({ unit: "binary" })), FastCheck.nat()],
    ([parameters, now]) => {
      const signed = BinanceProtocol.sign(Endpoint.prepare(order, parameters), documented, now)
      const sent = new URL(`https://host.invalid${signed.path}?${signed.query}`).search.slice(1)
      const mark = sent.lastIndexOf("&signature=")
      assert.strictEqual(sent, signed.query)
      assert.strictEqual(sent.slice(mark + 11), reference(sent.slice(0, mark)))
      assert.isTrue(sent.slice(0, mark).endsWith(`recvWindow=5000&timestamp=${now}`))
    }
  )
})

describe("usage", () => {
  it("reads the weight of the minute, of each family of paths", () => {
    assert.deepStrictEqual(
      BinanceProtocol.usage({
        "x-mbx-used-weight": "1",
        "x-mbx-used-weight-1m": "25",
        "x-sapi-used-ip-weight-1m": "3"
      }),
      [{ scope: "ip", used: 25 }, { scope: "sapi", used: 3 }]
    )
    assert.deepStrictEqual(BinanceProtocol.usage({ "x-mbx-used-weight-1m": "0" }), [{ scope: "ip", used: 0 }])
  })

  it("believes no header that is not a count", () => {
    for (const header of ["", "-1", "1.5", "1e3", "NaN", "25, 26", "9".repeat(10), " 25", "0x10"]) {
      assert.deepStrictEqual(BinanceProtocol.usage({ "x-mbx-used-weight-1m": header }), [], header)
    }
    assert.deepStrictEqual(BinanceProtocol.usage({}), [])
    const date = "Mon, 23 Nov 2026 12:00:59 GMT"
    assert.deepStrictEqual(
      BinanceProtocol.usage({ date, "x-mbx-used-weight-1m": "7" }),
      [{ scope: "ip", used: 7, windowEnd: Date.parse("2026-11-23T12:01:00Z") }]
    )
  })
})

describe("protocol", () => {
  it("knows the documented hosts and limits", () => {
    const { limits, live, testnet } = BinanceProtocol.protocol
    assert.deepStrictEqual(live, { _tag: "Open", baseUrl: "https://api.binance.com" })
    assert.deepStrictEqual(testnet, { _tag: "Open", baseUrl: "https://testnet.binance.vision" })
    assert.deepStrictEqual(limits.map(({ limit, scope }) => [scope, limit]), [["ip", 6000], ["sapi", 6000]])
  })
})
