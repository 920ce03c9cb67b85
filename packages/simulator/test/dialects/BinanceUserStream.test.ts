import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { ask, binance, field, noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const demo = Simulator.credentials("binance", "trade")

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("binance")
  return { simulator, socket: yield* dial(simulator, "/ws-api/v3") }
})

const subscribe = ({ secret = demo.secret, timestamp = noon, ...rest } = {} as {
  readonly apiKey?: string
  readonly secret?: Redacted.Redacted
  readonly timestamp?: number
  readonly signature?: string
}) => {
  const apiKey = rest.apiKey ?? Redacted.value(demo.key)
  const signature = createHmac("sha256", Redacted.value(secret)).update(`apiKey=${apiKey}&timestamp=${timestamp}`)
  return {
    id: 1,
    method: "userDataStream.subscribe.signature",
    params: { timestamp, signature: rest.signature ?? signature.digest("hex"), apiKey }
  }
}

describe("the user stream of Binance", () => {
  it.scoped("requires a current signature by the key", () =>
    Effect.gen(function*() {
      const { socket } = yield* start
      const refused = [
        [subscribe({ apiKey: "K".repeat(64) }), -2015],
        [subscribe({ apiKey: "short" }), -2014],
        [subscribe({ secret: Redacted.make("another") }), -1022],
        [subscribe({ timestamp: noon - 5001 }), -1021],
        [subscribe({ timestamp: noon + 1000 }), -1021],
        [subscribe({ signature: "" }), -1102],
        [{ id: 1, method: "shout" }, -1101],
        ["{", -1135]
      ] as const
      for (const [request, code] of refused) {
        yield* socket.send(request)
        assert.strictEqual(at(socket.received(), 0, "error", "code"), code)
      }
      yield* socket.send(subscribe())
      yield* socket.send({ id: 2, method: "ping" })
      const frames = socket.received()
      assert.deepStrictEqual(frames.map((frame) => [field(frame, "id"), field(frame, "result")]), [
        [1, { subscriptionId: 0 }],
        [2, {}]
      ])
    }))

  it.scoped("sends order updates and the balances they change, but no earlier ones", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start
      const place = (price: string) => {
        const query = `symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.02&price=${price}`
        const [target, options] = binance("/api/v3/order", `${query}&newClientOrderId=mine&timestamp=${noon}`, demo)
        return ask(simulator, target, { ...options, method: "POST" })
      }
      yield* socket.send(subscribe())
      socket.received()
      yield* place("20000")
      yield* simulator.fill("1", "0.01")
      const events = socket.received().map((frame) => {
        assert.strictEqual(field(frame, "subscriptionId"), 0)
        return field(frame, "event")
      })
      const reports = events.filter((event) => field(event, "e") === "executionReport")
      assert.deepStrictEqual(
        reports.map((event) => ["x", "X", "c", "l", "z", "t"].map((name) => field(event, name))),
        [
          ["NEW", "NEW", "mine", "0.00000000", "0.00000000", -1],
          ["TRADE", "PARTIALLY_FILLED", "mine", "0.01000000", "0.01000000", 1]
        ]
      )
      const positions = events.filter((event) => field(event, "e") === "outboundAccountPosition")
      assert.deepStrictEqual(positions.map((event) => at(event, "B", 0, "a")), ["USDT", "BTC"])
      const later = yield* dial(simulator, "/ws-api/v3")
      yield* later.send(subscribe())
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(later.received().length, 1)
    }))

  it.scoped("ends when the exchange terminates it and when unsubscribed", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start
      yield* socket.send(subscribe())
      yield* simulator.disturb({ _tag: "Expire" })
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(at(socket.received(), 1, "event", "e"), "eventStreamTerminated")
      yield* socket.send(subscribe({ timestamp: noon + 1 }))
      yield* socket.send({ id: 2, method: "session.subscriptions" })
      yield* socket.send({ id: 3, method: "userDataStream.unsubscribe" })
      yield* socket.send({ id: 4, method: "session.subscriptions" })
      assert.deepStrictEqual(socket.received().map((frame) => field(frame, "result")), [
        { subscriptionId: 1 },
        [{ subscriptionId: 1 }],
        {},
        []
      ])
    }))
})
