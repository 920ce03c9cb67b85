import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { noon } from "../utils.js"
import * as Okx from "./support/okx.js"
import { at, type Client, dial } from "./support/socket.js"

const subscribe = (...args: ReadonlyArray<{ readonly channel: string; readonly instId: string }>) => ({
  id: "1512",
  op: "subscribe",
  args
})

const books = { channel: "books", instId: "BTC-USDT" }
const connId = "a4d3ae55"

const start = (path: string) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("okx")
    return { simulator, client: yield* dial(simulator, path) }
  })

const on = (path: string) => Effect.map(start(path), ({ client }) => client)

/** Sequence id, previous sequence id and checksum of each update. */
const chain = (client: Client) =>
  client.received().filter((frame) => at(frame, "action") !== undefined).map((frame) =>
    ["seqId", "prevSeqId", "checksum"].map((name) => Number(at(frame, "data", 0, name)))
  )

describe("the streams of OKX", () => {
  it.scoped("confirm each argument separately, and reject an invalid one without naming it", () =>
    Effect.gen(function*() {
      const client = yield* on("/ws/v5/public")
      yield* client.send(subscribe({ channel: "tickers", instId: "BTC-USDT" }, { channel: "tickers", instId: "NO-NO" }))
      const [confirmed, refused, data] = client.received()
      const arg = { channel: "tickers", instId: "BTC-USDT" }
      assert.deepStrictEqual(confirmed, { id: "1512", event: "subscribe", arg, connId })
      assert.deepStrictEqual([
        at(refused, "event"),
        at(refused, "code"),
        at(refused, "id"),
        at(refused, "arg")
      ], [
        "error",
        "60018",
        "1512",
        undefined
      ])
      assert.deepStrictEqual(at(data, "arg"), arg)
      assert.strictEqual(at(data, "data", 0, "instType"), "SPOT")
    }))

  it.scoped("offer candles only on the business socket", () =>
    Effect.gen(function*() {
      const arg = { channel: "candle1Dutc", instId: "BTC-USDT-SWAP" }
      const open = yield* on("/ws/v5/public")
      yield* open.send(subscribe(arg))
      assert.strictEqual(at(open.received()[0], "code"), "60018")
      const business = yield* on("/ws/v5/business")
      yield* business.send(subscribe(arg))
      const [, data] = business.received()
      const row = at(data, "data", 0)
      assert(Array.isArray(row))
      assert.deepStrictEqual([row.length, row[0], row[8]], [9, String(noon - 12 * 3_600_000), "0"])
    }))

  it.scoped("link book updates by sequence id from a snapshot on, without a checksum", () =>
    Effect.gen(function*() {
      const { client, simulator } = yield* start("/ws/v5/public")
      yield* client.send(subscribe(books))
      yield* simulator.setPrice("BTC-USDT", "70000")
      yield* TestClock.adjust("5 seconds")
      const [first = [], ...rest] = chain(client)
      assert.deepStrictEqual(first.slice(1), [-1, 0])
      assert.isAbove(rest.length, 0)
      let [last] = first
      for (const [number, previous, checksum] of rest) {
        assert.deepStrictEqual([previous, checksum], [last, 0])
        last = number
      }
    }))

  it.scoped("send small books as snapshots without sequence ids, and single trades", () =>
    Effect.gen(function*() {
      const client = yield* on("/ws/v5/public")
      const instId = "BTC-USDT"
      yield* client.send(
        subscribe({ channel: "books5", instId }, { channel: "bbo-tbt", instId }, { channel: "trades", instId })
      )
      const [few, best] = client.received().slice(3)
      const sizes = [few, best].map((frame) => at(frame, "data", 0, "asks")).map((asks) =>
        Array.isArray(asks) && asks.length
      )
      assert.deepStrictEqual(sizes, [5, 1])
      assert.deepStrictEqual([at(few, "action"), at(few, "data", 0, "prevSeqId")], [undefined, undefined])
      yield* TestClock.adjust("20 seconds")
      const trades = client.received().filter((frame) => at(frame, "arg", "channel") === "trades")
      assert.isAbove(trades.length, 0)
      assert.isTrue(trades.every((frame) => at(frame, "data", 0, "count") === "1"))
    }))

  it.scoped("reject an id that is not alphanumeric, and invalid requests", () =>
    Effect.gen(function*() {
      const client = yield* on("/ws/v5/public")
      yield* client.send({ ...subscribe(books), id: "one-two" })
      yield* client.send({ op: "order" })
      yield* client.send("{\"op\":")
      assert.deepStrictEqual(client.received().map((frame) => at(frame, "code")), ["60012", "60012", "60012"])
    }))

  it.scoped("respond to a text ping, and close a connection that is silent for 30 seconds", () =>
    Effect.gen(function*() {
      const client = yield* on("/ws/v5/public")
      yield* TestClock.adjust("29 seconds")
      yield* client.send("ping")
      assert.deepStrictEqual(client.received(), ["pong"])
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(client.closeCode())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(client.closeCode(), 4004)
    }))

  it.scoped("reject the 481st request of a connection in an hour", () =>
    Effect.gen(function*() {
      const client = yield* on("/ws/v5/public")
      const request = subscribe({ channel: "bbo-tbt", instId: "BTC-USDT" })
      for (let count = 0; count < 480; count++) yield* client.send(request)
      client.received()
      yield* client.send(request)
      assert.deepStrictEqual(client.received().map((frame) => at(frame, "code")), ["60014"])
    }))

  it.scoped("announce a service upgrade a minute before they close", () =>
    Effect.gen(function*() {
      const { client, simulator } = yield* start("/ws/v5/public")
      yield* client.send(subscribe(books))
      client.received()
      yield* simulator.disturb({ _tag: "Notice" })
      assert.strictEqual(at(client.received()[0], "code"), "64008")
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(client.closeCode())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(client.closeCode(), 1012)
    }))

  it.scoped("send orders of all instruments, of a type or of one instrument, as subscribed", () =>
    Effect.gen(function*() {
      const { post, simulator } = yield* Okx.start()
      const client = yield* dial(simulator, "/ws/v5/private")
      const { key, passphrase, secret } = Okx.demo
      assert(passphrase !== undefined)
      const timestamp = String(noon / 1000)
      const sign = createHmac("sha256", Redacted.value(secret)).update(`${timestamp}GET/users/self/verify`)
        .digest("base64")
      yield* client.send({
        op: "login",
        args: [{ apiKey: Redacted.value(key), passphrase: Redacted.value(passphrase), timestamp, sign }]
      })
      const channel = "orders"
      const all = { channel, instType: "ANY" }
      const ofType = { channel, instType: "SPOT" }
      const ofOne = { channel, instType: "SPOT", instId: "BTC-USDT" }
      const wanted = [all, ofType, ofOne, { channel, instType: "SWAP" }, { ...ofOne, instId: "ETH-USDT" }]
      const unknown = [{ channel }, { channel, instType: "COIN" }, { ...ofOne, instType: "SWAP" }]
      yield* client.send({ op: "subscribe", args: [...wanted, ...unknown] })
      const [, ...answers] = client.received()
      assert.deepStrictEqual(answers.map((frame) => at(frame, "arg") ?? at(frame, "code")), [
        ...wanted,
        ...unknown.map(() => "60018")
      ])
      yield* post(Okx.place, Okx.spot())
      const args = client.received().map((frame) => at(frame, "arg"))
      const uid = "44705892343619584"
      assert.deepStrictEqual(args, [{ ...all, uid }, { ...ofType, uid }, { ...ofOne, uid }])
    }))
})
