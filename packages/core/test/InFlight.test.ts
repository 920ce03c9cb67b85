import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { ExchangeClient, InFlight } from "../src/adapter.js"
import { ExchangeState } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Wire from "./support/wire.js"

describe("InFlight", () => {
  it.scoped("names the endpoint of every attempt, and is none outside of attempts", () =>
    Effect.gen(function*() {
      const seen: Array<Option.Option<InFlight.Request>> = []
      const observed = HttpClient.transform(
        Wire.make(() => Wire.ok()).client,
        (answer) => Effect.flatMap(InFlight.InFlight, (inFlight) => Effect.zipRight(note(inFlight), answer))
      )
      const note = (inFlight: Option.Option<InFlight.Request>) => Effect.sync(() => seen.push(inFlight))
      const client = yield* ExchangeClient.make(Acme.protocol, { credentials: Wire.credentials }).pipe(
        Effect.provide(ExchangeState.layer),
        Effect.provideService(HttpClient.HttpClient, observed)
      )
      yield* client.request(Acme.value, {})
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.order, { amount: 1 })
      yield* observed.get("https://acme.example/other")
      assert.deepStrictEqual(seen.map(Option.getOrUndefined), [
        { exchange: "acme", operation: "value", capability: "marketData", idempotency: "safe", circuit: "marketData" },
        { exchange: "acme", operation: "balance", capability: "account", idempotency: "safe", circuit: "account" },
        { exchange: "acme", operation: "order", capability: "trading", idempotency: "once", circuit: "trading" },
        undefined
      ])
      assert.isTrue(Option.isNone(yield* InFlight.InFlight))
    }))
})
