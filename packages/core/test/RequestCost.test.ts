import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Layer, Tracer } from "effect"
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
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

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** Collects young garbage. Objects that unreachable objects of the old generation refer to are kept, and become old. */
const collectYoung = () => {
  if (typeof collect === "function") collect({ type: "minor" })
}

/** The bytes of the old generation, with its garbage. */
const oldBytes = () =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name === "old_space")
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0)

describe("a request", () => {
  it.scoped("keeps nothing of a response that the caller has dropped", () =>
    Effect.gen(function*() {
      const client = yield* clientOf({
        ...Acme.protocol,
        // What is learnt is logged, or that nothing could be learnt: effects that run before the result.
        learn: () => {
          throw new Error("unread")
        }
      })
      const endpoint = {
        ...Acme.value,
        cost: () => ({}),
        // Not literals: V8 may allocate the objects of a literal in the old generation.
        decode: () => Either.right(Array.from({ length: 1000 }, () => Array.of(1, 2, 3, 4)))
      }
      const calls = 12
      const call = Effect.tap(client.request(endpoint, {}), () => Effect.promise(() => new Promise(setImmediate)))
      const growth = Effect.gen(function*() {
        const before = oldBytes()
        for (let done = 0; done < calls; done++) {
          yield* call
          collectYoung()
        }
        return (oldBytes() - before) / calls
      })
      // What other tests leave behind adds to some of them.
      const measured = yield* Effect.replicateEffect(growth, 8)
      assert.isBelow(Math.min(...measured), 30_000, "a response has 90 kB")
    }))

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
