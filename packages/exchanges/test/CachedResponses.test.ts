import { Account, Health, MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { drive, start } from "./shared/application.js"
import * as Support from "./support/exchanges.js"
import { rewriteResponses } from "./support/rewriteResponses.js"

/** The headers of a response that a cache stored ten minutes ago. */
const cacheHeaders = { date: new Date(start - 600_000).toUTCString(), age: "600", "x-cache": "Hit from cloudfront" }

/** Returns the times in a text and in the payloads of its tokens, in epoch milliseconds. */
const instants = (text: string): ReadonlyArray<number> => {
  const payloads = Array.from(
    text.matchAll(/\bey[\w-]+\.(ey[\w-]+)\./g),
    ([, payload = ""]) => Buffer.from(payload, "base64url").toString()
  )
  return [text, ...payloads].flatMap((text) => [
    ...Array.from(text.matchAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g), ([iso]) => Date.parse(iso)),
    ...Array.from(
      text.matchAll(/\b17\d{8}(?:\d{3}|\d{6}|\d{9})?\b/g),
      ([digits]) => Number(digits.padEnd(13, "0").slice(0, 13))
    )
  ])
}

describe("the Date of a cached response", () => {
  for (const id of Exchanges.ids) {
    it.effect(`does not change the clock that signs requests: ${id}`, () => {
      const sent: Array<Support.Sent> = []
      let isCached = true
      const http = Support.recordRequests(sent, (answer) => answer, Simulator.layer(id))
      return Effect.gen(function*() {
        yield* TestClock.setTime(start)
        yield* Effect.gen(function*() {
          const [market, account] = [yield* MarketData.MarketData, yield* Account.Account]
          for (let time = 0; time < 3; time++) yield* drive(market.ticker(Support.symbol))
          isCached = false
          const before = sent.length
          const at = yield* Clock.currentTimeMillis
          yield* drive(account.balances)
          const signed = sent.slice(before)
          const { exchanges } = yield* Effect.flatMap(Health.Health, ({ report }) => report)
          assert.deepStrictEqual(exchanges.map(({ clockSkewMillis }) => clockSkewMillis), [0])
          // The clocks were not compared, and nothing was retried.
          const endpoints = signed.map(({ method, path }) => `${method} ${path}`)
          assert.strictEqual(new Set(endpoints).size, endpoints.length)
          const signedTimes = signed.flatMap(({ body, headers, query }) =>
            instants(`${query} ${Object.values(headers).join(" ")} ${body}`)
          )
          assert.isNotEmpty(signedTimes)
          for (const instant of signedTimes) assert.closeTo(instant, at, 150_000)
        }).pipe(
          Effect.provide(
            Layer.provide(Support.trading(id), rewriteResponses(({ text }) => text, () => isCached ? cacheHeaders : {}))
          ),
          Effect.provide(Health.layer)
        )
      }).pipe(Effect.provide(http))
    })
  }
})
