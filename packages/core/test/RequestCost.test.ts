import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Tracer } from "effect"
import { ExchangeClient, type Protocol, Session, Transport } from "../src/adapter.js"
import * as Frame from "../src/engine/internal/frame.js"
import { Credentials, ExchangeState } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { cost } from "./support/cost.js"
import { key, secret } from "./support/secrets.js"

const timeouts: Array<number> = []

const transport: Transport.Transport = {
  isQuiet: true,
  send: ({ timeout }) => {
    timeouts.push(Duration.toMillis(timeout))
    return Effect.succeed({ status: 200, headers: {}, text: "{\"value\":1}" })
  }
}

const clientOf = (protocol: Protocol.Protocol) =>
  ExchangeClient.make(protocol, {
    environment: { name: "loopback", baseUrl: "http://127.0.0.1:1" },
    credentials: Credentials.fixed({ key, secret }),
    attemptTimeout: "7 seconds"
  }).pipe(
    Effect.provide(ExchangeState.layer),
    Effect.provideService(
      HttpClient.HttpClient,
      Transport.attach(HttpClient.make(() => Effect.die("passed by")), transport)
    )
  )

const session = Session.make({ open: Acme.balance, input: {}, token: () => "token", lasts: () => "1 hour" })

/** A tracer whose spans record nothing. */
const tracer = Layer.setTracer(Tracer.make({
  context: (run) => run(),
  span: (name, parent, context, links, startTime, kind) => ({
    _tag: "Span",
    name,
    spanId: "1",
    traceId: "1",
    parent,
    context,
    links,
    kind,
    sampled: true,
    attributes: new Map(),
    status: { _tag: "Started", startTime },
    attribute: () => {},
    event: () => {},
    addLinks: () => {},
    end: () => {}
  })
}))

describe("a request", () => {
  it.scoped("takes few operations, and forks no fiber", () =>
    Effect.gen(function*() {
      const { request } = yield* clientOf(Acme.protocol)
      const carrying = yield* clientOf({ ...Acme.protocol, session })
      const nothing = yield* cost(Effect.void)
      for (
        const [what, call, most] of [
          ["public", request(Acme.value, {}), 30],
          ["signed", request(Acme.balance, {}), 57],
          ["carrying a token", carrying.request(Acme.balance, {}), 62]
        ] as const
      ) {
        // The first call fills the caches.
        yield* call
        const { fibers, operations } = yield* cost(call)
        assert.isAtMost(operations - nothing.operations, most, what)
        assert.strictEqual(fibers, 0, what)
      }
      assert.deepStrictEqual(new Set(timeouts), new Set([7000]))
    }))

  it.scoped("takes few more where a tracer is installed", () =>
    Effect.gen(function*() {
      const { request } = yield* clientOf(Acme.protocol)
      const nothing = yield* cost(Effect.void)
      const method = Frame.method("acme.MarketData.value", {})(() => request(Acme.value, {}))
      yield* method()
      const { fibers, operations } = yield* Effect.provide(cost(method()), tracer)
      assert.isAtMost(operations - nothing.operations, 43)
      assert.strictEqual(fibers, 0)
    }))
})
