import { Account } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Layer, TestClock } from "effect"
import { arrivals, drive, First, listing, Second, simulator, twoServices } from "./shared/application.js"
import * as Support from "./support/exchanges.js"

describe("two Layers of one exchange in one application", () => {
  it.effect("a ban reported to one stops the other until it ends", () =>
    Effect.gen(function*() {
      const markets = yield* listing("binance")
      yield* Effect.gen(function*() {
        const [first, second] = [yield* First, yield* Second]
        const { requests } = yield* ScriptedHttp.ScriptedHttp
        assert.strictEqual((yield* Effect.flip(first.ticker(Support.symbol)))._tag, "Banned")
        for (const after of ["0 millis", "60 seconds", "59 seconds"] as const) {
          yield* TestClock.adjust(after)
          assert.include(["Banned", "CircuitOpen"], (yield* Effect.flip(second.ticker(Support.symbol)))._tag, after)
          assert.strictEqual((yield* requests).length, 1, after)
        }
        yield* TestClock.adjust("2 seconds")
        yield* Effect.either(second.ticker(Support.symbol))
        assert.strictEqual((yield* requests).length, 2, "a ban ends")
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            twoServices(
              Support.marketData("binance", { markets }),
              Support.marketData("binance", { markets, marketsMaxAge: "2 hours" })
            ),
            ScriptedHttp.layer(() =>
              ScriptedHttp.json({ code: -1003, msg: "Way too many requests; IP banned." }, {
                status: 418,
                headers: { "retry-after": "120" }
              })
            )
          )
        )
      )
    }))

  it.effect("twenty tickers of Kraken take about twenty seconds", () => {
    const sent: Array<Support.Sent> = []
    return Effect.map(arrivals("kraken", sent), (instants) => {
      const [first = 0] = instants
      assert.strictEqual(instants.length, 20)
      assert.isAtLeast((instants.at(-1) ?? 0) - first, 18_900)
    }).pipe(
      Effect.provide(
        Layer.provide(
          twoServices(Support.marketData("kraken"), Support.marketData("kraken", { marketsMaxAge: "2 hours" })),
          simulator("kraken", sent)
        )
      )
    )
  })

  it.effect("the nonces of one Kraken key increase across two Layers", () => {
    const sent: Array<Support.Sent> = []
    class FirstAccount extends Context.Tag("test/One")<FirstAccount, Account.Account.Service>() {}
    class SecondAccount extends Context.Tag("test/Other")<SecondAccount, Account.Account.Service>() {}
    const layers = Layer.merge(
      Layer.provide(Layer.effect(FirstAccount, Account.Account), Support.trading("kraken")),
      Layer.provide(
        Layer.effect(SecondAccount, Account.Account),
        Support.trading("kraken", { marketsMaxAge: "2 hours" })
      )
    )
    return Effect.gen(function*() {
      const accounts = [yield* FirstAccount, yield* SecondAccount]
      const answers = yield* drive(
        Effect.forEach(
          Array.from({ length: 10 }),
          () => Effect.forEach(accounts, ({ openOrders }) => Effect.either(openOrders()), { concurrency: 2 }),
          { concurrency: "unbounded" }
        )
      )
      const nonces = sent.flatMap(({ body }) => new URLSearchParams(body).get("nonce") ?? []).map(BigInt)
      assert.isAtLeast(nonces.length, 20)
      assert.deepStrictEqual(
        nonces.filter((nonce, index) => index > 0 && nonce <= (nonces[index - 1] ?? 0n)),
        [],
        "nonces that did not rise"
      )
      assert.isTrue(answers.flat().every(Either.isRight))
    }).pipe(Effect.provide(Layer.provide(layers, simulator("kraken", sent))))
  })
})
