import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Agent, type Dispatcher } from "undici"
import type { Transport } from "../src/adapter.js"
import * as nodeTransport from "../src/engine/internal/nodeTransport.js"

const request: Transport.Request = {
  method: "GET",
  origin: "http://127.0.0.1:1",
  path: "/",
  headers: {},
  body: "",
  maxBytes: 1000,
  timeout: Duration.seconds(1),
  about: { exchange: "acme", operation: "value", capability: "marketData", idempotency: "safe", circuit: "marketData" }
}

describe("NodeTransport", () => {
  it.effect("fails with TimedOut and sends nothing if the timeout elapsed before the request began", () =>
    Effect.gen(function*() {
      let dispatched = 0
      const counting = new Agent().compose((dispatch) => (options: Dispatcher.DispatchOptions, handler) => {
        dispatched++
        return dispatch(options, handler)
      })
      const { send } = nodeTransport.make(counting, {
        watch: (_, __, late) => ({ begin: Effect.sync(late), leave: () => undefined })
      })
      assert.deepStrictEqual(yield* Effect.flip(send(request)), { _tag: "TimedOut" })
      assert.strictEqual(dispatched, 0)
    }))
})
