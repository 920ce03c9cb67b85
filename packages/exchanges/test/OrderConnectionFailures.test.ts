import { Trading } from "@effect-exchange/core"
import { HttpClient, HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Exchanges } from "../src/index.js"
import { listing } from "./shared/application.js"
import * as Support from "./support/exchanges.js"

/** Some connection failures before anything is sent. Core's tests have all of them. */
const failures: ReadonlyArray<{ readonly code: string; readonly syscall?: string; readonly message?: string }> = [
  { code: "ETIMEDOUT", syscall: "connect" },
  { code: "ECONNRESET", message: "Client network socket disconnected before secure TLS connection was established" },
  { code: "CERT_UNTRUSTED" },
  { code: "ConnectionRefused" }
]

describe("an order whose connection cannot be established", () => {
  for (const id of Exchanges.ids) {
    it.effect(`fails immediately with outcome NotSent and the reason: ${id}`, () =>
      Effect.gen(function*() {
        const markets = yield* listing(id)
        for (const failure of failures) {
          let sent = 0
          const failing = HttpClient.make((request) => {
            sent++
            const cause = Object.assign(new Error(failure.message ?? "it failed"), failure)
            return new HttpClientError.RequestError({ request, reason: "Transport", cause })
          })
          const place = Effect.flatMap(Trading.Trading, ({ place }) => place(Support.far("never1")))
          const error = yield* Effect.flip(place).pipe(
            Effect.provide(Support.trading(id, { markets, marketsMaxAge: "1 day", retry: { attempts: 1 } })),
            Effect.provide(Layer.succeed(HttpClient.HttpClient, failing))
          )
          assert.strictEqual(error._tag, "TransportFailed", failure.code)
          assert.strictEqual(error.outcome, "NotSent", failure.code)
          assert.include(error.message, failure.code)
          // Nothing is looked up or waited for: the clock does not advance.
          assert.strictEqual(sent, 1, failure.code)
        }
      }))
  }
})
