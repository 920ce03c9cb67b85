import { assert, describe, it } from "@effect/vitest"
import { Effect, Predicate, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { ask, bitmex, noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const { key, secret } = Simulator.credentials("bitmex", "read")
const expiry = noon / 1000 + 5

const login = (expires: unknown, signed: unknown = expires, id: string = Redacted.value(key)) => ({
  op: "authKeyExpires",
  args: [id, expires, createHmac("sha256", Redacted.value(secret)).update(`GET/realtime${signed}`).digest("hex")]
})

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("bitmex")
  return { simulator, client: yield* dial(simulator, "/realtime") }
})

describe("the account tables of BitMEX", () => {
  it.scoped("require a valid signature that has not expired", () =>
    Effect.gen(function*() {
      const { client } = yield* start
      const refusals = [
        login(expiry, expiry + 1),
        login(expiry, expiry, "nobody"),
        login(expiry - 5),
        login(String(expiry))
      ]
      for (const message of [{ op: "subscribe", args: ["order"] }, ...refusals]) yield* client.send(message)
      assert.deepStrictEqual(client.received().slice(1).map((frame) => [at(frame, "status"), at(frame, "error")]), [
        [401, "User requested an account-locked subscription but no authorization was provided."],
        [401, "Signature not valid."],
        [401, "Invalid API Key."],
        [400, "This request has expired - `expires` is in the past."],
        [400, "This request has expired - `expires` is in the past."]
      ])
      yield* client.send(login(expiry))
      yield* client.send({ op: "subscribe", args: ["order", "execution", "margin"] })
      yield* client.send(login(expiry))
      const [confirmed, ...rest] = client.received()
      assert.deepStrictEqual(confirmed, { success: true, request: login(expiry) })
      assert.deepStrictEqual(
        rest.map((frame) => at(frame, "subscribe") ?? at(frame, "table") ?? at(frame, "error")),
        ["order", "execution", "margin", "order", "execution", "margin", "You are already authenticated."]
      )
      const partial = rest.find((frame) => at(frame, "table") === "order")
      assert.deepStrictEqual([at(partial, "action"), at(partial, "keys"), at(partial, "filter")], [
        "partial",
        ["orderID"],
        { account: 395_724 }
      ])
    }))

  it.scoped("contain market, account and client order id in each order update", () =>
    Effect.gen(function*() {
      const { client, simulator } = yield* start
      yield* client.send(login(expiry))
      yield* client.send({ op: "subscribe", args: ["order"] })
      client.received()
      const order = { symbol: "XBTUSDT", side: "Buy", orderQty: 10_000, price: 20_000, clOrdID: "b15" }
      const body = JSON.stringify(order)
      const { headers } = bitmex("/api/v1/order", expiry, Simulator.credentials("bitmex"), "POST", body)
      const { json } = yield* ask(simulator, "/api/v1/order", {
        method: "POST",
        headers,
        body: new TextEncoder().encode(body)
      })
      client.received()
      yield* simulator.fill(String(at(json, "orderID")), "0.004")
      const [update] = client.received()
      assert.strictEqual(at(update, "action"), "update")
      const row = at(update, "data", 0)
      assert(Predicate.isReadonlyRecord(row))
      const { account, clOrdID, cumQty, orderID, price, symbol } = row
      assert.deepStrictEqual([orderID, clOrdID, account, symbol, cumQty, price], [
        at(json, "orderID"),
        "b15",
        395_724,
        "XBTUSDT",
        4000,
        undefined
      ])
    }))
})
