import { MarketData } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Stream, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { drive, listing, start } from "./shared/application.js"
import * as Shared from "./shared/suite.js"
import * as Support from "./support/exchanges.js"

Shared.register(Exchanges.ids)

describe("candles", () => {
  it.effect("of a long stream wait for the exchange's limit, and continue", () => {
    const pages = 3200
    return Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const markets = yield* listing("binance")
      yield* Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const range = { from: start - 3_300_000 * 60_000 }
        const candles = yield* drive(
          market.candles(Support.symbol, "1m", range).pipe(Stream.take(pages), Stream.runCount)
        )
        // Each page has one candle here.
        assert.strictEqual(candles, pages)
        // 3000 pages use up the limit of a minute.
        assert.isAtLeast((yield* Clock.currentTimeMillis) - start, 60_000)
      }).pipe(
        Effect.provide(
          Layer.provide(
            Support.marketData("binance", { markets, marketsMaxAge: "365 days" }),
            ScriptedHttp.layer(({ url }) => {
              const from = Number(new URL(url).searchParams.get("startTime"))
              const bar = ["1", "2", "1", "2", "3"]
              return ScriptedHttp.json([[from, ...bar, from + 59_999, "6", 1, "1", "2", "0"]])
            })
          )
        )
      )
    })
  }, 240_000)
})
