import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Logger, LogLevel, TestClock } from "effect"
import { ExchangeClient, Transport } from "../src/adapter.js"
import { Credentials, ExchangeState, Telemetry } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { key, secret } from "./support/secrets.js"
import { start } from "./support/time.js"

interface Logged {
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Runs the effect and returns what it logged, at all levels. */
const logged = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const all: Array<Logged> = []
    const logger = Logger.make<unknown, void>(({ annotations, message }) => {
      const [first] = Array.isArray(message) ? message : [message]
      all.push({ message: first, annotations: Object.fromEntries(HashMap.toEntries(annotations)) })
    })
    return Effect.as(
      Effect.exit(self).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      ),
      all
    )
  })

const refusal = (error: string): Transport.Answer => ({
  status: 418,
  // The exchange's clock is five minutes ahead.
  headers: { date: "Thu, 01 Jan 1970 00:05:00 GMT" },
  text: JSON.stringify({ error })
})

const clientOver = (transport: Transport.Transport) =>
  ExchangeClient.make(Acme.protocol, {
    environment: { name: "loopback", baseUrl: "http://127.0.0.1:1" },
    credentials: Credentials.fixed({ key, secret })
  }).pipe(
    Effect.provide(ExchangeState.layer),
    Effect.provideService(HttpClient.HttpClient, Transport.attach(HttpClient.make(() => Effect.never), transport))
  )

const isQuiet = [true, false]

describe("log entries", () => {
  it.scoped.each(isQuiet)(
    "name the operation, with a transport whose isQuiet is %s",
    (isQuiet) =>
      Effect.gen(function*() {
        for (const endpoint of [Acme.value, Acme.balance]) {
          const { request } = yield* clientOver({ isQuiet, send: () => Effect.succeed(refusal("Banned")) })
          const retrying = yield* clientOver({ isQuiet, send: () => Effect.succeed(refusal("ExchangeUnavailable")) })
          const logs = yield* logged(Effect.gen(function*() {
            yield* Effect.exit(request(endpoint, {}))
            const fiber = yield* start(Effect.exit(retrying.request(endpoint, {})))
            yield* TestClock.adjust("1 minute")
            yield* fiber
          }))
          assert.includeMembers(logs.map(({ message }) => message), [
            "The exchange's clock differs from the local clock",
            "Banned by the exchange; no request is sent until the ban ends",
            "Retrying"
          ])
          for (const { annotations } of logs) {
            assert.deepStrictEqual(annotations, { exchange: "acme", environment: "loopback", operation: endpoint.name })
          }
        }
      })
  )

  it.scoped("of a transport that is not quiet and of an observer name the operation too", () =>
    Effect.gen(function*() {
      const send = () => Effect.as(Effect.logInfo("sent"), { status: 200, headers: {}, text: "{\"value\":1}" })
      const { request } = yield* clientOver({ send })
      const quiet = yield* clientOver({ isQuiet: true, send: () => Effect.succeed(refusal("InvalidRequest")) })
      const observed = Effect.provideService(
        quiet.request(Acme.value, {}),
        Telemetry.AttemptObserver,
        () => Effect.logInfo("observed")
      )
      const logs = yield* logged(Effect.zipRight(request(Acme.value, {}), observed))
      assert.includeMembers(logs.map(({ message }) => message), ["sent", "observed"])
      for (const { annotations } of logs) {
        assert.deepStrictEqual(annotations, { exchange: "acme", environment: "loopback", operation: "value" })
      }
    }))
})
