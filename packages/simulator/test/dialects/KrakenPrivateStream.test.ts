import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { createHash, createHmac } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { ask, field, noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const demo = Simulator.credentials("kraken", "trade")

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("kraken")
  const socket = yield* dial(simulator, "/ws-auth/v2")
  assert.strictEqual(field(socket.received()[0], "channel"), "status")
  let nonce = noon
  const call = (name: string, params: Readonly<Record<string, string>> = {}) => {
    const path = `/0/private/${name}`
    const body = new URLSearchParams({ nonce: String(++nonce), ...params }).toString()
    const signature = createHmac("sha512", Buffer.from(Redacted.value(demo.secret), "base64"))
      .update(path)
      .update(createHash("sha256").update(nonce + body).digest())
      .digest("base64")
    const headers = {
      "api-key": Redacted.value(demo.key),
      "api-sign": signature,
      "content-type": "application/x-www-form-urlencoded"
    }
    const request = { method: "POST", headers, body: new TextEncoder().encode(body) }
    return Effect.map(ask(simulator, path, request), ({ json }) => field(json, "result"))
  }
  const token = Effect.map(Effect.suspend(() => call("GetWebSocketsToken")), (result) => String(field(result, "token")))
  const order = { pair: "XBTUSD", type: "buy", ordertype: "limit", volume: "0.02", price: "20000" }
  const place = Effect.suspend(() => call("AddOrder", order))
  return { simulator, socket, token, place }
})

const subscribe = (channel: string, token: unknown, method = "subscribe") => ({
  method,
  params: { channel, token },
  req_id: 1
})

const of = (frames: ReadonlyArray<unknown>, channel: string) =>
  frames.filter((frame) => field(frame, "channel") === channel)

describe("the private channels of Kraken", () => {
  it.scoped("require a token of the key that is less than 900 seconds old and was issued after the last expiry", () =>
    Effect.gen(function*() {
      const { simulator, socket, token } = yield* start
      const old = yield* token
      const error = (request: unknown) => Effect.map(socket.send(request), () => field(socket.received()[0], "error"))
      assert.strictEqual(yield* error(subscribe("executions", undefined)), "ESession:Invalid session")
      assert.strictEqual(yield* error(subscribe("executions", `${old}0`)), "ESession:Invalid session")
      assert.strictEqual(yield* error(subscribe("book", old)), "Subscription name invalid book")
      yield* TestClock.adjust("900 seconds")
      assert.strictEqual(yield* error(subscribe("executions", old)), "ESession:Invalid session")
      const fresh = yield* token
      yield* TestClock.adjust("1 seconds")
      yield* simulator.disturb({ _tag: "Expire" })
      socket.received()
      assert.strictEqual(yield* error(subscribe("executions", fresh)), "ESession:Invalid session")
      const next = yield* token
      assert.isUndefined(yield* error(subscribe("executions", next)))
      assert.strictEqual(yield* error(subscribe("executions", next)), "Already subscribed")
    }))

  it.scoped("send open orders first, and then numbered changes", () =>
    Effect.gen(function*() {
      const { place, simulator, socket, token } = yield* start
      yield* place
      yield* socket.send(subscribe("executions", yield* token))
      yield* simulator.fill("OSIMUL-00000-000001", "0.005")
      yield* simulator.fill("OSIMUL-00000-000001")
      const frames = of(socket.received(), "executions")
      assert.deepStrictEqual(
        frames.map((frame) => [field(frame, "type"), field(frame, "sequence"), at(frame, "data", 0, "exec_type")]),
        [
          ["snapshot", 1, "new"],
          ["update", 2, "trade"],
          ["update", 3, "trade"],
          ["update", 4, "filled"]
        ]
      )
      const row = (index: number, name: string) => at(frames, index, "data", 0, name)
      assert.deepStrictEqual([row(0, "limit_price"), row(0, "order_qty")], [20_000, 0.02])
      assert.deepStrictEqual([row(1, "limit_price"), row(1, "cum_qty"), row(1, "last_qty")], [undefined, 0.005, 0.005])
      assert.deepStrictEqual([row(2, "order_status"), row(3, "order_status")], ["partially_filled", "filled"])
    }))

  it.scoped("send recent trades and open orders first as snap_trades and snap_orders request", () =>
    Effect.gen(function*() {
      const { place, simulator, socket, token } = yield* start
      yield* place
      yield* simulator.fill("OSIMUL-00000-000001", "0.005")
      const known = yield* token
      const snapshot = Effect.fnUntraced(function*(params: Readonly<Record<string, boolean>>) {
        yield* socket.send({ method: "subscribe", params: { channel: "executions", token: known, ...params } })
        const frames = socket.received()
        yield* socket.send(subscribe("executions", known, "unsubscribe"))
        socket.received()
        const [frame] = of(frames, "executions")
        const data = field(frame, "data")
        assert(Array.isArray(data))
        return [
          at(frames, 0, "result", "snap_orders"),
          at(frames, 0, "result", "snap_trades"),
          ...data.map((row) => field(row, "exec_type"))
        ]
      })
      assert.deepStrictEqual(yield* snapshot({}), [true, false, "new"])
      assert.deepStrictEqual(yield* snapshot({ snap_trades: true }), [true, true, "new", "trade"])
      assert.deepStrictEqual(yield* snapshot({ snap_orders: false }), [false, false])
      assert.deepStrictEqual(yield* snapshot({ snap_orders: false, snap_trades: true }), [false, true, "trade"])
    }))

  it.scoped("send total balances, and nothing when an order only locks some", () =>
    Effect.gen(function*() {
      const { place, simulator, socket, token } = yield* start
      yield* socket.send(subscribe("balances", yield* token))
      const [, snapshot] = socket.received()
      assert.deepStrictEqual([field(snapshot, "type"), field(snapshot, "sequence")], ["snapshot", 1])
      yield* place
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(of(socket.received(), "balances"), [])
      yield* simulator.fill("OSIMUL-00000-000001")
      const [update] = of(socket.received(), "balances")
      assert.strictEqual(field(update, "sequence"), 2)
      assert.includeMembers([at(update, "data", 0, "asset"), at(update, "data", 1, "asset")], ["BTC", "USD"])
    }))

  it.scoped("are not available on the public socket", () =>
    Effect.gen(function*() {
      const { simulator, token } = yield* start
      const open = yield* dial(simulator, "/v2")
      open.received()
      yield* open.send({
        method: "subscribe",
        params: { channel: "executions", symbol: ["BTC/USD"], token: yield* token }
      })
      assert.strictEqual(field(open.received()[0], "error"), "Subscription name invalid executions")
    }))
})
