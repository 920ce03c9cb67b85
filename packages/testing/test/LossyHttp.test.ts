import { InFlight } from "@effect-exchange/core/adapter"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft, assertRight } from "@effect/vitest/utils"
import { Effect, Either, Fiber, Layer, Option, Predicate, TestClock } from "effect"
import { LossyHttp, ScriptedHttp } from "../src/index.js"

const wire = (layer = LossyHttp.layer()) => Layer.provideMerge(layer, ScriptedHttp.layer(() => ScriptedHttp.json({})))

const send = (method: "GET" | "POST", path = "/order") =>
  Effect.flatMap(
    HttpClient.HttpClient,
    (client) =>
      Effect.either(Effect.mapBoth(client.execute(HttpClientRequest.make(method)(`https://toy.example${path}?x=1`)), {
        onFailure: ({ cause }) => Predicate.hasProperty(cause, "code") ? cause.code : cause,
        onSuccess: ({ status }) => status
      }))
  )

const sent = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) => requests.map(({ method }) => method)
)

describe("LossyHttp", () => {
  it.effect("loses nothing by default", () =>
    Effect.gen(function*() {
      assertRight(yield* send("POST"), 200)
    }).pipe(Effect.provide(wire())))

  it.effect("loses the responses to changes, which still reach the exchange", () =>
    Effect.gen(function*() {
      const { loseAnswers } = yield* LossyHttp.LossyHttp
      const [change, read] = yield* loseAnswers(Effect.all([send("POST"), send("GET")]))
      assertLeft(change, "ECONNRESET")
      assertRight(read, 200)
      assert.deepStrictEqual(yield* sent, ["POST", "GET"])
      assertRight(yield* send("POST"), 200)
    }).pipe(Effect.provide(wire())))

  it.effect("loses changes before they reach the exchange", () =>
    Effect.gen(function*() {
      const { loseRequests } = yield* LossyHttp.LossyHttp
      const [change, read] = yield* loseRequests(Effect.all([send("POST"), send("GET")]))
      assertLeft(change, "ECONNRESET")
      assertRight(read, 200)
      assert.deepStrictEqual(yield* sent, ["GET"])
    }).pipe(Effect.provide(wire())))

  it.effect("never responds during silence, and responds again afterwards", () =>
    Effect.gen(function*() {
      const { silence } = yield* LossyHttp.LossyHttp
      assert(silence !== undefined)
      const fiber = yield* Effect.fork(silence(send("GET")))
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      assert.deepStrictEqual(yield* sent, [])
      yield* Fiber.interrupt(fiber)
      assertRight(yield* send("GET"), 200)
    }).pipe(Effect.provide(wire())))

  it.effect("stops losing responses when the effect fails or is interrupted", () =>
    Effect.gen(function*() {
      const { loseAnswers } = yield* LossyHttp.LossyHttp
      yield* Effect.exit(loseAnswers(Effect.fail("over")))
      assertRight(yield* send("POST"), 200)
      const fiber = yield* Effect.fork(loseAnswers(Effect.never))
      yield* Effect.yieldNow()
      assert.isTrue(Either.isLeft(yield* send("POST")))
      yield* Fiber.interrupt(fiber)
      assertRight(yield* send("POST"), 200)
    }).pipe(Effect.provide(wire())))

  it.effect("recognizes a change by the capability of its endpoint, whatever the method", () =>
    Effect.gen(function*() {
      const { loseRequests, lost } = yield* LossyHttp.LossyHttp
      const of = (capability: "account" | "trading") =>
        Effect.provideService(
          InFlight.InFlight,
          Option.some({
            exchange: "toy",
            operation: "x",
            capability,
            idempotency: "once" as const,
            circuit: capability
          })
        )
      const [traded, read, other] = yield* loseRequests(Effect.all([
        send("GET").pipe(of("trading")),
        send("POST").pipe(of("account")),
        send("GET")
      ]))
      assertLeft(traded, "ECONNRESET")
      assertRight(read, 200)
      assertRight(other, 200)
      assert.strictEqual(yield* lost, 1)
    }).pipe(Effect.provide(wire())))

  it.effect("recognizes changes by a given predicate when reads are also POST requests", () =>
    Effect.gen(function*() {
      const { loseAnswers } = yield* LossyHttp.LossyHttp
      const [change, read] = yield* loseAnswers(Effect.all([send("POST", "/AddOrder"), send("POST", "/Balance")]))
      assertLeft(change, "ECONNRESET")
      assertRight(read, 200)
    }).pipe(Effect.provide(wire(LossyHttp.layer(({ path }) => path === "/AddOrder")))))
})
