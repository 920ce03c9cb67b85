import { MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { FeedSuite } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Metric, MetricState, TestClock } from "effect"
import * as Support from "./support/exchanges.js"

const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

/** Returns the feed metrics of an exchange by name. */
const feedMetrics = (exchange: string) =>
  Effect.map(Metric.snapshot, (all) =>
    Object.fromEntries(
      all.filter(({ metricKey }) =>
        metricKey.name.startsWith("exchange_feed_") &&
        metricKey.tags.some(({ key, value }) => key === "exchange" && value === exchange) &&
        metricKey.tags.some(({ key, value }) => key === "environment" && value === "simulated")
      ).map(({ metricKey, metricState }) => [
        metricKey.name,
        MetricState.isGaugeState(metricState)
          ? Number(metricState.value)
          : MetricState.isCounterState(metricState)
          ? Number(metricState.count)
          : Number.NaN
      ])
    ))

describe.each(Simulator.exchangeIds)("metrics of the feeds of %s", (exchange) => {
  it.effect("report the time of the last message, and count reconnects", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const market = yield* MarketData.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(exchange))
      yield* FeedSuite.recordItems(market.streamTrades(Support.symbol))
      yield* pass(30)
      const now = (yield* Clock.currentTimeMillis) / 1000
      const { exchange_feed_last_message_timestamp_seconds: at = 0, ...before } = yield* feedMetrics(exchange)
      assert.isAtMost(at, now)
      assert.isAtLeast(at, now - 15)

      yield* simulator.disturb({ _tag: "Close", code: 1012 })
      yield* pass(30)
      const after = yield* feedMetrics(exchange)
      assert.isAbove(after["exchange_feed_last_message_timestamp_seconds"] ?? 0, at)
      const lost = "exchange_feed_reconnects_total"
      assert.isAbove(after[lost] ?? 0, before[lost] ?? 0)
    }).pipe(Effect.provide(Layer.provideMerge(Support.marketData(exchange), Simulator.layer(exchange)))))
})
