import { Account, type Credentials, Decimal, type FeedItem, type Order } from "@effect-exchange/core"
import { Feeds, Listing } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, Layer, Redacted, Stream, TestClock } from "effect"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { Coinbase } from "../src/index.js"
import { account as subject } from "./feeds.js"
import { envelope, json } from "./utils.js"

register(subject)

const { balances, fills, orders, protocol } = feeds
assert(orders !== undefined && fills !== undefined && balances !== undefined)

// The key of RFC 8037, appendix A.
const credentials: Credentials.Credentials = {
  key: Redacted.make("organizations/00000000-0000-0000-0000-000000000000/apiKeys/11111111-1111-1111-1111-111111111111"),
  secret: Redacted.make("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==")
}

const makeToken = (credentials: Credentials.Credentials, nonce = 1n) => {
  const { token } = protocol.sockets["private"] ?? {}
  return token !== undefined && "made" in token
    ? token.made(credentials, { now: 1_700_000_000_999, nonce, host: "host.invalid" })
    : assert.fail("no token is made")
}

const part = (token: string, index: number) =>
  json(Buffer.from(token.split(".")[index] ?? "", "base64url").toString("utf8"))

describe("token of Coinbase's user channel", () => {
  it("is valid for two minutes, names no endpoint, and differs each time", () => {
    const token = Either.getOrThrow(makeToken(credentials))
    const kid = Redacted.value(credentials.key)
    assert.deepStrictEqual(part(token, 1), { sub: kid, iss: "cdp", nbf: 1_700_000_000, exp: 1_700_000_120 })
    const nonces = [token, Either.getOrThrow(makeToken(credentials, 2n))].map((token) =>
      Feeds.get(part(token, 0), "nonce")
    )
    assert.strictEqual(new Set(nonces).size, 2)
  })

  it("does not reveal a secret that is no private key", () => {
    const secret = Redacted.make("not a key at all")
    const token = makeToken({ ...credentials, secret })
    assert.isTrue(Either.isLeft(token))
    assert.isFalse(JSON.stringify(token).includes(Redacted.value(secret)))
  })

  it("is part of the subscription to orders of all products, and is reported as refused", () => {
    const topic = orders.topic()
    assert.deepStrictEqual([fills.topic(), balances.topic()], [topic, topic])
    const [message] = protocol.subscribe([topic], { request: 1, token: "a.b.c" })
    assert.strictEqual(JSON.stringify(message), "{\"type\":\"subscribe\",\"channel\":\"user\",\"jwt\":\"a.b.c\"}")
    const subscribed = { heartbeats: ["heartbeats"], user: ["7a6b5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d"] }
    assert.deepStrictEqual(protocol.read(envelope("subscriptions", [{ subscriptions: subscribed }])), [
      { _tag: "Acknowledged", keys: ["user"] }
    ])
    assert.deepStrictEqual(protocol.read({ type: "error", message: "authentication failure" }), [
      { _tag: "LoginRefused", error: { code: "", text: "authentication failure" } }
    ])
  })
})

describe("frames of Coinbase's user channel", () => {
  const row = {
    avg_price: "0",
    cancel_reason: "",
    client_order_id: "11111-000000-000001",
    cumulative_quantity: "0",
    leaves_quantity: "0.003",
    limit_price: "68900.5",
    number_of_fills: "0",
    order_id: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    order_side: "BUY",
    order_type: "Limit",
    post_only: "true",
    product_id: "BTC-USDC",
    product_type: "SPOT",
    reject_reason: "",
    status: "OPEN",
    time_in_force: "GOOD_UNTIL_CANCELLED",
    total_fees: "0",
    creation_time: "2026-04-07T14:29:55.123456Z",
    end_time: "0001-01-01T00:00:00Z"
  }

  /** Reads events with one reader. */
  const readEvents =
    <A>(read: (event: unknown) => Listing.Rows<A> | undefined) =>
    (type: string, ...rows: ReadonlyArray<object>): ReadonlyArray<A> => {
      const [message] = protocol.read(envelope("user", [{ type, orders: rows }])) ?? []
      assert(message?._tag === "Data" && message.key === "user")
      const found = read(message.frame)
      return found === undefined ? assert.fail("not understood") : Listing.from(found).rows
    }

  const shown = (value: BigDecimal.BigDecimal | undefined) => value && Decimal.format(BigDecimal.normalize(value))
  const text = ({ amount, filled, price, status }: Pick<Order.Order, "amount" | "filled" | "price" | "status">) =>
    [shown(price), shown(amount), shown(filled), status].join(" ")

  it("decode to whole orders, and keep the ordered amount after an order has ended", () => {
    const read = readEvents(orders.reader())
    const [first] = read("snapshot", row)
    assert(first !== undefined)
    const { clientOrderId, createdAt, id, market, postOnly, side, timeInForce, type } = first
    assert.deepStrictEqual([id, clientOrderId, market, side, type, timeInForce, postOnly, createdAt], [
      "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
      "11111-000000-000001",
      "BTC-USDC",
      "buy",
      "limit",
      "GTC",
      true,
      Date.UTC(2026, 3, 7, 14, 29, 55, 123)
    ])
    assert.strictEqual(text(first), "68900.5 0.003 0 open")
    const filled = { ...row, cumulative_quantity: "0.001", leaves_quantity: "0.002" }
    assert.deepStrictEqual(read("update", filled).map(text), ["68900.5 0.003 0.001 open"])
    const canceled = { ...filled, leaves_quantity: "0", status: "CANCELLED" }
    assert.deepStrictEqual(read("update", canceled).map(text), ["68900.5 0.003 0.001 canceled"])
    // The ordered amount of this one is not known.
    assert.deepStrictEqual(read("update", canceled).map(text), ["68900.5  0.001 canceled"])
    const unpriced = {
      ...row,
      order_id: "m",
      order_type: "MARKET",
      limit_price: "0",
      time_in_force: "IMMEDIATE_OR_CANCEL"
    }
    assert.deepStrictEqual(read("update", unpriced).map(text), ["  0 open"])
  })

  it("leave out only the order with an unknown status", () => {
    const read = readEvents(orders.reader())
    const received = read("update", { ...row, status: "NEWER", order_id: "x" }, row)
    assert.deepStrictEqual(received.map(({ id }) => id), [row.order_id])
  })

  it("report fills if the filled amount grew, including possible ones before the snapshot", () => {
    const read = readEvents(fills.reader())
    const filled = (quantity: string, id = "1") => ({ ...row, order_id: id, cumulative_quantity: quantity })
    assert.deepStrictEqual(read("snapshot", filled("0.001"), filled("0", "0")), [{ fillsOf: "BTC-USDC" }])
    assert.deepStrictEqual(read("update", filled("0.001")), [])
    assert.deepStrictEqual(read("update", filled("0.0011")), [{ fillsOf: "BTC-USDC" }])
    assert.deepStrictEqual(read("update", filled("0", "2")), [])
    assert.deepStrictEqual(read("update", filled("0.003", "3")), [{ fillsOf: "BTC-USDC" }])
  })
})

describe("account feeds of Coinbase", () => {
  it.effect("subscribe again with a new token after the first has expired", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const account = yield* Account.Account
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("coinbase"))
      const tags: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(
          account.streamOrders(),
          (item: FeedItem.FeedItem<unknown>) => Effect.sync(() => tags.push(item._tag))
        )
      )
      yield* TestClock.adjust("5 minutes")
      yield* simulator.disturb({ _tag: "Close", code: 1006 })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(tags, ["Connected", "Reconnecting", "Resynced"])
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.provideMerge(
        Coinbase.layerAccount({
          environment: Simulator.environment("coinbase"),
          credentials: Simulator.credentials("coinbase", "read")
        }),
        Simulator.layer("coinbase")
      ))
    ))
})
