import { MarketData } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { FeedSuite } from "@effect-exchange/testing"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Logger, LogLevel } from "effect"
import type { Exchanges } from "../src/index.js"
import * as Support from "./support/exchanges.js"
import { heapInUse } from "./support/heap.js"
import { whole } from "./support/sampling.js"
import { skippingClock } from "./support/skippingClock.js"

interface Subject {
  /** As rare as the heartbeats allow, with one at every check, every five minutes. */
  readonly beat: number
  /** How a lost update is detected: by its number, by a checksum, or not at all. */
  readonly gaps: "numbered" | "checked" | "unseen"
}

const subjects: Readonly<Record<Exchanges.ExchangeId, Subject>> = {
  binance: { beat: 30, gaps: "numbered" },
  bitmex: { beat: 30, gaps: "unseen" },
  bybit: { beat: 30, gaps: "numbered" },
  coinbase: { beat: 6, gaps: "numbered" },
  deribit: { beat: 10, gaps: "numbered" },
  kraken: { beat: 30, gaps: "checked" },
  okx: { beat: 30, gaps: "numbered" }
}

/** The faults of a connection. Those that last are ended after two minutes. */
const faults = (gaps: Subject["gaps"]): ReadonlyArray<Simulator.Disturbance> => [
  { _tag: "Close", code: 1006 },
  { _tag: "Duplicate" },
  { _tag: "Garbage" },
  { _tag: "Close", code: 1012 },
  { _tag: "Crossed" },
  { _tag: "Silence" },
  { _tag: "Checksum" },
  { _tag: "Mute" },
  { _tag: "Notice" },
  { _tag: "Refuse" },
  { _tag: "Close", code: 1000 },
  { _tag: "HalfOpen" },
  ...gaps === "unseen" ? [] : [{ _tag: "Gap" } as const, { _tag: "Reorder" } as const]
]

const setting = (exchange: Exchanges.ExchangeId, beat: Duration.DurationInput) =>
  // Reloading the markets of Kraken takes a second, in which the order book changes.
  Layer.provideMerge(
    Support.marketData(exchange, { marketsMaxAge: "2 days" }),
    Simulator.layer(exchange, { beat })
  ).pipe(
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )

const start = Date.UTC(2026, 10, 2)

// Less for a sample: every fault about twice.
const hours = whole().sample === undefined ? 24 : 2
const connections = whole().sample === undefined ? 1000 : 260

describe.sequential.each(Simulator.exchangeIds)(`${hours} hours of %s`, (exchange) => {
  const { beat, gaps } = subjects[exchange]
  it.live("recovers the exchange's order book after a fault every five minutes", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(exchange))
      const book = yield* FeedSuite.recordItems(market.streamOrderBook(Support.symbol))
      const all = faults(gaps)
      for (let time = 0; time < hours * 12; time++) {
        const fault = all[time % all.length]
        if (fault === undefined) continue
        yield* simulator.disturb(fault)
        // An open connection cannot be refused.
        if (fault._tag === "Refuse" || fault._tag === "HalfOpen") {
          yield* simulator.disturb({ _tag: "Close", code: 1006 })
        }
        yield* Effect.sleep("120 seconds")
        yield* simulator.disturb({ _tag: "Calm" })
        yield* Effect.sleep("180001 millis")
        yield* FeedSuite.expectCurrent(expect)(book, Support.symbol)
      }
      expect(yield* simulator.connections).toBe(1)
    }).pipe(
      Effect.scoped,
      Effect.provide(setting(exchange, Duration.seconds(beat))),
      Effect.withClock(skippingClock(start))
    ), 600_000)
})

describe.sequential.each(Simulator.exchangeIds.filter((id) => id !== "kraken"))(
  `${connections} lost connections of %s`,
  (exchange) => {
    it.live("leak no memory", () =>
      Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(exchange))
        const book = yield* FeedSuite.recordItems(market.streamOrderBook(Support.symbol))
        const cycle = Effect.gen(function*() {
          yield* Effect.repeat(Effect.sleep("1 seconds"), { until: () => book.last()?._tag === "Data" })
          book.items.length = 0
          yield* simulator.disturb({ _tag: "Close", code: 1006 })
        })
        yield* Effect.repeatN(cycle, 199)
        const before = yield* Effect.promise(heapInUse)
        yield* Effect.repeatN(cycle, connections - 201)
        const after = yield* Effect.promise(heapInUse)
        expect(after - before).toBeLessThan(2 * 1024 * 1024)
        expect(yield* simulator.connections).toBeLessThanOrEqual(1)
      }).pipe(
        Effect.scoped,
        Effect.provide(setting(exchange, "5 seconds")),
        Effect.withClock(skippingClock(start)),
        Effect.withRandomFixed([0])
      ), 600_000)
  }
)
