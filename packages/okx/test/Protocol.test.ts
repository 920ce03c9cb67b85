import { Endpoint, type Protocol } from "@effect-exchange/core/adapter"
import { Arbitraries } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Record, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { OkxEndpoints } from "../src/index.js"
import * as OkxProtocol from "../src/Protocol.js"
import { documented } from "./utils.js"

const at = 1_607_418_537_715
const timestamp = "2020-12-08T09:08:57.715Z"

const balance = { method: "GET", path: "/api/v5/account/balance", body: "none" } as const
const order = { method: "POST", path: "/api/v5/trade/order", body: "json" } as const

const printed = { ...documented, secret: Redacted.make("22582BD0CFF14C41EDBF1AB98506286D") }

const moment = (now: number, scheme?: string): Protocol.Moment => ({ now, nonce: 0n, host: "www.okx.com", scheme })

const sign = (request: Endpoint.Prepared, credentials = documented, now = at) =>
  Either.getOrThrow(OkxProtocol.protocol.sign(request, credentials, moment(now)))

describe("sign", () => {
  const vectors = [
    ["a path", documented, Endpoint.prepare(balance, {}), "PJ61e1nb2F2Qd7D8SPiaIcx2gjdELc+o0ygzre9z33k="],
    ["a query", documented, Endpoint.prepare(balance, { ccy: "BTC" }), "ebNz0sDoc3LoFm1hqjP8LDT0fnRlDERj5C+I4ZqB4Cw="],
    [
      "a body",
      documented,
      Endpoint.prepare(order, {
        instId: "BTC-USD-200925",
        tdMode: "isolated",
        side: "buy",
        ordType: "limit",
        px: "432.11",
        sz: "2"
      }),
      "nEpHMx6gZYYjWVfzXtwccJAPmWrrmDHvV4cNsi10d6o="
    ],
    [
      "a query, by another secret",
      printed,
      Endpoint.prepare(balance, { ccy: "BTC" }),
      "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY="
    ]
  ] as const

  for (const [title, credentials, request, signature] of vectors) {
    it(`computes the reference signature of ${title}`, () => {
      const signed = sign(request, credentials)
      assert.strictEqual(signed.signature, signature)
      assert.strictEqual(signed.headers["ok-access-sign"], signature)
      assert.deepStrictEqual([signed.method, signed.path, signed.query, signed.body], [
        request.method,
        request.path,
        request.query,
        request.body
      ])
    })
  }

  it("adds key, passphrase and a timestamp with milliseconds to existing headers", () => {
    const { "ok-access-sign": _, ...headers } =
      sign({ ...Endpoint.prepare(balance, {}), headers: { "x-mine": "1" } }).headers
    assert.deepStrictEqual(headers, {
      "x-mine": "1",
      "ok-access-key": Redacted.value(documented.key),
      "ok-access-timestamp": timestamp,
      "ok-access-passphrase": Redacted.value(documented.passphrase)
    })
    assert.strictEqual(
      sign(Endpoint.prepare(balance, {}), documented, 1000).headers["ok-access-timestamp"],
      "1970-01-01T00:00:01.000Z"
    )
  })

  it("sets an expiry on orders and amendments only", () => {
    const expires = (
      endpoint: Pick<Endpoint.Endpoint<Endpoint.Capability, never, unknown>, "method" | "path" | "body" | "scheme">
    ) =>
      Either.getOrThrow(OkxProtocol.sign(
        Endpoint.prepare(endpoint, { orders: [] }),
        documented,
        moment(at, endpoint.scheme)
      )).headers["exptime"]
    const { amendOrder, cancelOrder, cancelOrders, order, placeOrder, placeOrders } = OkxEndpoints
    assert.deepStrictEqual([placeOrder, placeOrders, amendOrder].map(expires), Array(3).fill(String(at + 5000)))
    // An order is looked up at the same path at which it is placed.
    assert.strictEqual(order.path, placeOrder.path)
    assert.deepStrictEqual([cancelOrder, cancelOrders, order].map(expires), Array(3).fill(undefined))
  })

  it("refuses credentials without a passphrase without revealing them", () => {
    const { key, secret } = documented
    const refused = OkxProtocol.sign(Endpoint.prepare(balance, {}), { key, secret }, moment(at))
    assert(Either.isLeft(refused))
    assert.include(refused.left, "passphrase")
    assert.notInclude(refused.left, Redacted.value(key))
  })

  it.prop(
    "signs exactly the bytes that are sent, for any parameters",
    [
      FastCheck.dictionary(Arbitraries.text(), Arbitraries.text()),
      FastCheck.boolean()
    ],
    ([parameters, hasBody]) => {
      const { body, headers, method, path, query } = sign(Endpoint.prepare(hasBody ? order : balance, parameters))
      const target = query === "" ? path : `${path}?${query}`
      const expected = createHmac("sha256", Redacted.value(documented.secret))
        .update(`${timestamp}${method}${target}${body}`)
        .digest("base64")
      assert.strictEqual(headers["ok-access-sign"], expected)
    }
  )
})

describe("protocol", () => {
  it("has the documented hosts, with a header for demo trading", () => {
    const { live, passphrase, testnet } = OkxProtocol.protocol
    assert.deepStrictEqual(live, { _tag: "Open", baseUrl: "https://www.okx.com" })
    assert.deepStrictEqual(testnet, {
      _tag: "Open",
      baseUrl: "https://www.okx.com",
      headers: { "x-simulated-trading": "1" }
    })
    assert.isTrue(passphrase)
  })

  it("has the documented limits, and ignores headers about them", () => {
    const limits = new Map(
      OkxProtocol.protocol.limits.map((limit) => [limit.scope, "limit" in limit ? limit.limit : 0])
    )
    assert.deepStrictEqual([limits.get("placeOrder"), limits.get("placeOrders"), limits.get("ticker")], [60, 300, 20])
    assert.deepStrictEqual(
      OkxProtocol.protocol.learn({
        headers: { "x-ratelimit-remaining": "1" },
        json: {},
        auth: "signed",
        cost: { order: 1 }
      }),
      {}
    )
  })

  it("charges a batch by its orders, and a batch of one as a single order", () => {
    const { cancelOrders, placeOrders } = OkxEndpoints
    const orders = Array.from({ length: 20 }, () => ({ instId: "BTC-USDT", ordId: "1" }))
    assert.deepStrictEqual(cancelOrders.cost({ orders }), { cancelOrders: 20 })
    assert.deepStrictEqual(cancelOrders.cost({ orders: orders.slice(0, 1) }), { cancelOrder: 1 })
    assert.deepStrictEqual(placeOrders.cost({ orders: [] }), { placeOrders: 0 })
  })

  it("charges every endpoint to its own limit", () => {
    const { cancelOrders: _, limits, placeOrders: __, ...others } = OkxEndpoints
    const endpoints = Record.filter(others, (each) => typeof each === "object" && "cost" in each)
    assert.lengthOf(Object.keys(endpoints), 22)
    for (const [name, endpoint] of Object.entries(endpoints)) {
      assert.strictEqual(endpoint.name, name)
      assert.property(limits, name)
    }
    assert.deepStrictEqual(OkxEndpoints.ticker.cost({ instId: "BTC-USDT" }), { ticker: 1 })
    assert.deepStrictEqual(OkxEndpoints.balance.cost({}), { balance: 1 })
    assert.deepStrictEqual(
      OkxEndpoints.cancelOrder.cost({ instId: "BTC-USDT", ordId: "1" }),
      { cancelOrder: 1 }
    )
  })
})
