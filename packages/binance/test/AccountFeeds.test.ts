import { Listing } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { createPublicKey, verify } from "node:crypto"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { signSubscription } from "../src/Protocol.js"
import { account } from "./feeds.js"
import { documented, shown } from "./utils.js"

register(account)

const { balances, fills, orders, protocol } = feeds

/** Returns the messages that subscribe to the account with these credentials. */
const subscription = (credentials = documented) => {
  const topics = [orders?.topic(), fills?.topic(), balances?.topic()].flatMap((topic) => topic ?? [])
  assert.strictEqual(new Set(topics.map(({ key }) => key)).size, 1)
  const token = Either.getOrThrow(signSubscription(credentials, { now: 1_649_729_878_532 }))
  return protocol.subscribe(topics.slice(0, 1), { request: 3, token })
}

describe("subscribing to the account stream", () => {
  it("sends one signed subscription with the documented signature", () => {
    assert.deepStrictEqual(subscription(), [{
      id: 3,
      method: "userDataStream.subscribe.signature",
      params: {
        apiKey: Redacted.value(documented.key),
        timestamp: 1_649_729_878_532,
        signature: "1cf54395b336b0a9727ef27d5d98987962bc47aca6e13fe978612d0adee066ed"
      }
    }])
  })

  it("sends a base64 signature unchanged", () => {
    const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
      "-----END PRIVATE KEY-----\n"
    const spki = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" })
    const text = JSON.stringify(subscription({ key: documented.key, secret: Redacted.make(pem) }))
    const signature = /"signature":"([^"]+)"/.exec(text)?.[1] ?? ""
    const payload = `apiKey=${Redacted.value(documented.key)}&timestamp=1649729878532`
    assert.isTrue(verify(null, Buffer.from(payload), key, Buffer.from(signature, "base64")))
    assert.match(signature, /==$/)
  })

  it("unsubscribes from the whole account stream, and pings the socket", () => {
    const topics = orders === undefined ? [] : [orders.topic()]
    assert.deepStrictEqual(protocol.unsubscribe(topics, { request: 4, token: "apiKey=K" }), [
      { id: 4, method: "userDataStream.unsubscribe" }
    ])
    assert.deepStrictEqual(protocol.sockets["account"]?.ping?.(5), { id: 5, method: "ping" })
  })
})

const rateLimits = [{ rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000, count: 2 }]

describe("responses on the account socket", () => {
  it("acknowledge a subscription by its request id, and answer a ping", () => {
    assert.deepStrictEqual(protocol.read({ id: 3, status: 200, result: { subscriptionId: 0 }, rateLimits }), [
      { _tag: "Acknowledged", request: 3 }
    ])
    assert.deepStrictEqual(protocol.read({ id: 5, status: 200, result: {}, rateLimits }), [{ _tag: "Pong" }])
  })

  const refusals = [
    [401, -2015, "LoginRefused"],
    [400, -1022, "LoginRefused"],
    [400, -2014, "LoginRefused"],
    [400, -1102, "Refused"],
    [400, -1021, "LoginRefused"],
    [429, -1003, "Ended"],
    [418, -1003, "Ended"],
    [500, -1000, "Ended"]
  ] as const
  for (const [status, code, expected] of refusals) {
    it(`status ${status} with code ${code} is ${expected}`, () => {
      const messages = protocol.read({ id: 3, status, error: { code, msg: "Refused." }, rateLimits })
      assert.deepStrictEqual(messages?.map(({ _tag }) => _tag), [expected])
    })
  }

  it("report the end of the stream and an announced shutdown", () => {
    const event = (e: string) => protocol.read({ subscriptionId: 0, event: { e, E: 1_728_973_001_334 } })
    assert.deepStrictEqual(event("eventStreamTerminated")?.map(({ _tag }) => _tag), ["Ended"])
    assert.deepStrictEqual(event("serverShutdown"), [{ _tag: "Leaving" }])
  })
})

// In the shapes of user-data-stream.md.
const placed = {
  e: "executionReport",
  E: 1_763_942_400_010,
  s: "ETHUSDT",
  c: "mine-1",
  S: "BUY",
  o: "LIMIT",
  f: "GTC",
  q: "1.00000000",
  p: "2500.00000000",
  P: "0.00000000",
  F: "0.00000000",
  g: -1,
  C: "",
  x: "NEW",
  X: "NEW",
  r: "NONE",
  i: 12_345_678,
  l: "0.00000000",
  z: "0.00000000",
  L: "0.00000000",
  n: "0",
  N: null,
  T: 1_763_942_400_009,
  t: -1,
  w: true,
  m: false,
  M: false,
  O: 1_763_942_400_009,
  Z: "0.00000000",
  Y: "0.00000000",
  Q: "0.00000000"
}
const filled = {
  ...placed,
  x: "TRADE",
  X: "PARTIALLY_FILLED",
  l: "0.40000000",
  z: "0.40000000",
  L: "2499.50000000",
  Z: "999.80000000",
  n: "0.00040000",
  N: "ETH",
  T: 1_763_942_401_000,
  t: 98_765_432,
  m: true
}
const canceled = { ...filled, c: "cancel-7", C: "mine-1", x: "CANCELED", X: "CANCELED", l: "0.00000000", t: -1 }
const position = {
  e: "outboundAccountPosition",
  E: 1_763_942_401_001,
  u: 1_763_942_401_000,
  B: [{ a: "ETH", f: "10000.00000000", l: "0.00000001" }]
}
const deposit = { e: "balanceUpdate", E: 1_763_942_402_000, a: "BTC", d: "100.00000000", T: 1_763_942_402_000 }

/** Reads an event with a channel. */
const read = <A extends object>(
  channel: { readonly reader?: (() => (frame: unknown) => Listing.Rows<A> | undefined) | undefined } | undefined,
  event: unknown
): ReadonlyArray<A> => {
  const [messages] = protocol.read({ subscriptionId: 0, event }) ?? []
  const rows = messages?._tag === "Data" ? channel?.reader?.()(messages.frame) : undefined
  assert(rows !== undefined)
  return Listing.from(rows).rows
}

describe("events of the account stream", () => {
  it("about an external lock do not decode to a balance, so that the balances are requested", () => {
    const lock = { e: "externalLockUpdate", E: 1_763_942_402_000, a: "NEO", d: "10.00000000", T: 1_763_942_402_000 }
    assert.strictEqual(balances?.reader?.()(lock), undefined)
    assert.deepStrictEqual([read(orders, lock), read(fills, lock)], [[], []])
  })

  it("decode an order as it is after the event, with its original client order id", () => {
    const [order] = read(orders, filled).map((row) => shown(row))
    assert.deepStrictEqual(order, {
      id: "12345678",
      market: "ETHUSDT",
      clientOrderId: "mine-1",
      side: "buy",
      type: "limit",
      status: "open",
      price: "2500.00000000",
      amount: "1.00000000",
      filled: "0.40000000",
      averagePrice: "2499.5",
      timeInForce: "GTC",
      postOnly: false,
      createdAt: 1_763_942_400_009,
      updatedAt: 1_763_942_401_000
    })
    const [ended] = read(orders, canceled)
    assert.deepStrictEqual([ended?.clientOrderId, ended?.status], ["mine-1", "canceled"])
  })

  it("decode a fill from a trade, and none from other events", () => {
    const fill = (event: unknown) =>
      read(fills, event).flatMap((row) => "fill" in row && row.fill !== undefined ? [shown(row.fill)] : [])
    assert.deepStrictEqual(fill(filled), [{
      id: "98765432",
      orderId: "12345678",
      market: "ETHUSDT",
      clientOrderId: "mine-1",
      side: "buy",
      price: "2499.50000000",
      amount: "0.40000000",
      fee: "0.00040000",
      feeAsset: "ETH",
      liquidity: "maker",
      at: 1_763_942_401_000
    }])
    assert.deepStrictEqual([...fill(placed), ...fill(canceled)], [])
  })

  it("decode the balances of the assets that changed", () => {
    assert.deepStrictEqual(read(balances, position).map((row) => shown(row)), [
      { asset: "ETH", free: "10000.00000000", total: "10000.00000001" }
    ])
  })

  it("decode no rows for channels they do not belong to", () => {
    assert.deepStrictEqual([...read(orders, position), ...read(fills, deposit), ...read(balances, placed)], [])
    assert.deepStrictEqual(read(balances, deposit), [])
  })
})
