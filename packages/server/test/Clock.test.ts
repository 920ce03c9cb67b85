import type { HttpServer } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { ask, service } from "./support/service.js"

/** A clock on the wall that somebody sets, beside one that only goes forward. */
const settable = () => {
  const clock = Clock.make()
  let off = 0
  const now = () => clock.unsafeCurrentTimeMillis() + off
  return {
    set: (by: number) => Effect.sync(() => void (off = by)),
    clock: {
      [Clock.ClockTypeId]: clock[Clock.ClockTypeId],
      unsafeCurrentTimeMillis: now,
      currentTimeMillis: Effect.sync(now),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
      currentTimeNanos: clock.currentTimeNanos,
      sleep: clock.sleep
    } satisfies Clock.Clock
  }
}

const hour = 3_600_000

const priced: Effect.Effect<{ ageMillis: number; observedAt: number }, never, HttpServer.HttpServer> = Effect.flatMap(
  ask("/v1/prices/BTC/USDT"),
  ({ json, status }) =>
    status === 200 ? Effect.succeed(Object(json)) : Effect.zipRight(Effect.sleep("50 millis"), priced)
)

describe("a service whose clock is set", () => {
  for (const [what, by] of [["back", -hour], ["forward", hour]] as const) {
    it.live(`${what} by an hour gives no price that it cannot believe, and goes on`, () => {
      const { clock, set } = settable()
      return Effect.gen(function*() {
        const price = "/v1/prices/BTC/USDT"
        const paths = [price, `${price}?source=median`, "/v1/tickers?symbols=BTC/USDT"]
        for (const path of paths) assert.strictEqual((yield* ask(path)).status, 200)
        yield* set(by)
        for (const path of [...paths, ...paths]) {
          // What an exchange has said a moment ago is an hour ahead of us now, or old: no price, and it is said why.
          const { headers, status, text } = yield* ask(path)
          assert.include([200, 503], status, text)
          if (status === 503) assert.match(text, /in the future|old/)
          else assert.isAtLeast(Number(headers.get("age")), 0)
        }
        for (const probe of ["/livez", "/readyz"]) assert.strictEqual((yield* ask(probe)).status, 200)
        // The exchanges go by the same clock here, and what they say next is right again.
        const first = yield* priced
        assert.isAtLeast(first.ageMillis, 0)
        yield* Effect.sleep("2500 millis")
        assert.isAbove((yield* priced).observedAt, first.observedAt)
      }).pipe(
        Effect.provide(service(["okx", "kraken"])),
        Effect.provide(Layer.setClock(clock))
      )
    }, 30_000)
  }
})
