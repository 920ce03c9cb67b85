import { Chaos } from "@effect-exchange/resilience"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, TestClock } from "effect"
import { ChaosHttp } from "../src/index.js"

const reached: Layer.Layer<HttpClient.HttpClient> = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("reached"))))
)

const to = (path: string) => ({ url }: HttpClientRequest.HttpClientRequest) => url.endsWith(path)

const text = (url: string) => Effect.flatMap(HttpClient.get(url), (response) => response.text)

describe("ChaosHttp", () => {
  it.effect("fails, delays and answers requests as the strategies say, and lets the others through", () =>
    Effect.gen(function*() {
      const chaos = yield* Chaos.make({
        name: "test",
        seed: 1,
        strategies: [
          Chaos.fault({
            rate: 1,
            when: to("/reset"),
            error: ChaosHttp.connectionFailed("ECONNRESET")
          }),
          Chaos.result({
            rate: 1,
            when: to("/busy"),
            value: ChaosHttp.answer(503, "busy")
          }),
          Chaos.latency({ rate: 1, when: to("/slow"), min: "1 second" })
        ]
      })
      yield* Effect.gen(function*() {
        const failed = yield* Effect.flip(text("http://exchange/reset"))
        assert.strictEqual(failed._tag, "RequestError")
        assert.deepStrictEqual(failed.cause, { code: "ECONNRESET" })
        const busy = yield* HttpClient.get("http://exchange/busy")
        assert.strictEqual(busy.status, 503)
        assert.strictEqual(yield* text("http://exchange/other"), "reached")
        const slow = yield* Effect.fork(text("http://exchange/slow"))
        yield* TestClock.adjust("999 millis")
        assert.isNull(slow.unsafePoll())
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(yield* Fiber.await(slow), Exit.succeed("reached"))
      }).pipe(Effect.provide(Layer.provide(ChaosHttp.layer(chaos), reached)))
    }))
})
