import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { createHmac } from "node:crypto"
import { Simulator } from "../../src/index.js"
import { noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const { key, secret } = Simulator.credentials("bybit", "trade")

const login = (expires: unknown = noon + 10_000, name = Redacted.value(key)) => ({
  req_id: "a",
  op: "auth",
  args: [name, expires, createHmac("sha256", Redacted.value(secret)).update(`GET/realtime${expires}`).digest("hex")]
})

const subscribe = (...args: ReadonlyArray<string>) => ({ req_id: "1", op: "subscribe", args })

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("bybit")
  return { simulator, socket: yield* dial(simulator, "/v5/private") }
})

const success = (frames: ReadonlyArray<unknown>) => frames.map((frame) => at(frame, "success"))

describe("the private stream of Bybit", () => {
  const [op, name, expires] = ["auth", Redacted.value(key), noon + 10_000]
  const refused = [
    ["an unknown key", login(expires, `${name}x`)],
    ["another signature", { op, args: [name, expires, "00"] }],
    ["a signature of another time", { op, args: [name, expires + 1, login().args[2]] }],
    ["an expired time", login(noon)],
    ["a time as text", login(String(expires))],
    ["no arguments", { op }]
  ] as const
  it.scoped.each(refused)("rejects a login with %s and closes", ([, message]) =>
    Effect.gen(function*() {
      const { socket } = yield* start
      yield* socket.send(message)
      const frames = socket.received()
      assert.deepStrictEqual(success(frames), [false])
      assert.strictEqual(at(frames[0], "op"), "auth")
      assert.strictEqual(socket.closeCode(), 1008)
    }))

  it.scoped("offers topics after login, of all categories or of one, but not both", () =>
    Effect.gen(function*() {
      const { socket } = yield* start
      yield* socket.send(subscribe("order"))
      assert.deepStrictEqual(success(socket.received()), [false])
      yield* socket.send(login())
      const conn_id = "cejreaspqfm9se7usbrg-2xh"
      assert.deepStrictEqual(socket.received(), [{ success: true, ret_msg: "", conn_id, req_id: "a", op: "auth" }])
      for (const args of [["order", "order.spot"], ["order", "tickers.BTCUSDT"], ["order.swap"]]) {
        yield* socket.send(subscribe(...args))
      }
      assert.deepStrictEqual(success(socket.received()), [false, false, false])
      yield* socket.send(subscribe("order.spot", "execution", "wallet"))
      assert.deepStrictEqual(success(socket.received()), [true])
      yield* socket.send({ op: "ping", req_id: "p" })
      assert.deepStrictEqual(socket.received(), [{ req_id: "p", op: "pong", args: [String(noon)], conn_id }])
    }))

  it.scoped("closes when the key of the login expires", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start
      yield* simulator.disturb({ _tag: "Expire" })
      assert.isUndefined(socket.closeCode())
      yield* socket.send(login())
      yield* simulator.disturb({ _tag: "Expire" })
      assert.strictEqual(socket.closeCode(), 1008)
    }))
})
