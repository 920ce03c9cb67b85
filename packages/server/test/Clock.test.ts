import type { HttpServer } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { sendRequest, service } from "./support/service.js"

/** A clock whose wall-clock time can be set. Its monotonic time only goes forward. */
const settable = () => {
  const clock = Clock.make()
  let offset = 0
  const now = () => clock.unsafeCurrentTimeMillis() + offset
  return {
    set: (by: number) => Effect.sync(() => void (offset = by)),
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

const servedPrice: Effect.Effect<{ ageMillis: number; observedAt: number }, never, HttpServer.HttpServer> = Effect
  .flatMap(
    sendRequest("/v1/prices/BTC/USDT"),
    ({ json, status }) =>
      status === 200 ? Effect.succeed(Object(json)) : Effect.zipRight(Effect.sleep("50 millis"), servedPrice)
  )

describe("A service whose clock is set", () => {
  for (const [direction, by] of [["back", -hour], ["forward", hour]] as const) {
    it.live(`${direction} by an hour serves no price from the future and no old one, and continues`, () => {
      const { clock, set } = settable()
      return Effect.gen(function*() {
        const price = "/v1/prices/BTC/USDT"
        const paths = [price, `${price}?source=median`, "/v1/tickers?symbols=BTC/USDT"]
        for (const path of paths) assert.strictEqual((yield* sendRequest(path)).status, 200)
        yield* set(by)
        for (const path of [...paths, ...paths]) {
          // The latest data of an exchange is now an hour in the future, or old. The response is then an error that
          // says so.
          const { headers, status, text } = yield* sendRequest(path)
          assert.include([200, 503], status, text)
          if (status === 503) assert.match(text, /in the future|old/)
          else assert.isAtLeast(Number(headers.get("age")), 0)
        }
        for (const probe of ["/livez", "/readyz"]) assert.strictEqual((yield* sendRequest(probe)).status, 200)
        // The simulated exchanges use the same clock, so their next data is valid again.
        const first = yield* servedPrice
        assert.isAtLeast(first.ageMillis, 0)
        yield* Effect.sleep("2500 millis")
        assert.isAbove((yield* servedPrice).observedAt, first.observedAt)
      }).pipe(
        Effect.provide(service(["okx", "kraken"])),
        Effect.provide(Layer.setClock(clock))
      )
    }, 30_000)
  }
})
