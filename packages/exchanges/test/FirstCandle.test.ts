import { Binance } from "@effect-exchange/binance"
import { BitMex } from "@effect-exchange/bitmex"
import { Bybit } from "@effect-exchange/bybit"
import { Coinbase } from "@effect-exchange/coinbase"
import { type Candle, Decimal, ExchangeSymbol, type Market, MarketData } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Deribit } from "@effect-exchange/deribit"
import { Kraken } from "@effect-exchange/kraken"
import { Okx } from "@effect-exchange/okx"
import { ScriptedHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { type ConfigError, Effect, Fiber, type Layer, Stream, TestClock } from "effect"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const week = 7 * day

/** 2026-03-01T12:34:56Z */
const now = Date.UTC(2026, 2, 1, 12, 34, 56)

const market: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "BTCUSDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT",
  multiplier: Decimal.make("1")
}

/** Returns the open times of candles in a window, from the listing of the market until now, at most 2000. */
const opens = (listed: number, length: number, shift: number, from: number, to: number): ReadonlyArray<number> => {
  const first = Math.floor((listed - shift) / length) * length + shift
  const begin = Math.max(first, Math.ceil((from - shift) / length) * length + shift)
  const count = Math.max(0, Math.floor((Math.min(to, now) - begin) / length) + 1)
  return Array.from({ length: Math.min(count, 2000) }, (_, index) => begin + index * length)
}

const latest = (all: ReadonlyArray<number>, most: number) => all.slice(-most).toReversed()

const at = (query: URLSearchParams, name: string, otherwise: number) =>
  query.has(name) ? Number(query.get(name)) : otherwise

/** Returns `true` for minutes of which BitMEX has a row without prices. */
const isQuiet = (open: number) => (open / minute) % 3 === 0

/** An exchange that returns pages of all candles since the market was listed. */
interface Subject {
  readonly name: string
  readonly layer: (options: Exchange.Options<never>) => Layer.Layer<
    MarketData.MarketData,
    ConfigError.ConfigError,
    HttpClient.HttpClient
  >
  readonly answer: (query: URLSearchParams, listed: number) => unknown
  /** The maximum number of requests until the first candle. */
  readonly mostRequests: number
}

const subjects: ReadonlyArray<Subject> = [
  {
    name: "Binance",
    layer: Binance.layerMarketData,
    mostRequests: 3,
    answer: (query, listed) =>
      opens(listed, minute, 0, at(query, "startTime", 0), at(query, "endTime", now))
        .slice(0, at(query, "limit", 500))
        .map((open) => [open, "1", "1", "1", "1", "1"])
  },
  {
    name: "BitMEX",
    layer: (options) => BitMex.layerMarketData({ ...options, environment: { name: "x", baseUrl: "http://localhost" } }),
    mostRequests: 3,
    answer: (query, listed) =>
      opens(listed, minute, 0, time(query, "startTime", 0) - minute, time(query, "endTime", now) - minute)
        .slice(0, at(query, "count", 100))
        .map((open) => ({
          timestamp: new Date(open + minute).toISOString(),
          symbol: "BTCUSDT",
          ...isQuiet(open) ? {} : { open: 1, high: 1, low: 1, close: 1, volume: 1 }
        }))
  },
  {
    name: "Bybit",
    layer: Bybit.layerMarketData,
    mostRequests: 6,
    answer: (query, listed) => {
      const length = { 1: minute, 60: hour, D: day }[query.get("interval") ?? ""] ?? week
      const all = opens(listed, length, 0, at(query, "start", 0), at(query, "end", now))
      const list = latest(all, at(query, "limit", 200)).map((open) => [String(open), "1", "1", "1", "1", "1", "1"])
      return { retCode: 0, retMsg: "OK", time: now, result: { category: "spot", symbol: "BTCUSDT", list } }
    }
  },
  {
    name: "Coinbase",
    layer: Coinbase.layerMarketData,
    mostRequests: 17,
    answer: (query, listed) => {
      const length = { ONE_MINUTE: minute, ONE_HOUR: hour, ONE_DAY: day }[query.get("granularity") ?? ""] ?? week
      const [start, end] = [at(query, "start", 0) * 1000, at(query, "end", 0) * 1000]
      assert.isBelow((end - start) / length, 300)
      return {
        candles: latest(opens(listed, length, 0, start, end), 300).map((open) => ({
          start: String(open / 1000),
          low: "1",
          high: "1",
          open: "1",
          close: "1",
          volume: "1"
        }))
      }
    }
  },
  {
    name: "Deribit",
    layer: Deribit.layerMarketData,
    mostRequests: 12,
    answer: (query, listed) => {
      const length = { 1: minute, 60: hour, 720: 12 * hour }[query.get("resolution") ?? ""] ?? week
      const ticks = opens(listed, length, 0, at(query, "start_timestamp", 0), at(query, "end_timestamp", now))
      const column = ticks.map(() => 1)
      const status = ticks.length === 0 ? "no_data" : "ok"
      const columns = { open: column, high: column, low: column, close: column, volume: column, cost: column }
      return { jsonrpc: "2.0", result: { status, ticks, ...columns }, usIn: now, usOut: now, usDiff: 0, testnet: false }
    }
  },
  {
    name: "OKX",
    layer: Okx.layerMarketData,
    mostRequests: 6,
    answer: (query, listed) => {
      const [length, shift] = bars[query.get("bar") ?? ""] ?? [0, 0]
      const all = opens(listed, length, shift, at(query, "before", 0) + 1, at(query, "after", now + 1) - 1)
      const data = latest(all, at(query, "limit", 100))
        .map((open) => [String(open), "1", "1", "1", "1", "1", "1", "1", "1"])
      return { code: "0", msg: "", data }
    }
  }
]

const bars: Record<string, readonly [length: number, shift: number]> = {
  "1m": [minute, 0],
  "1H": [hour, 0],
  "1Dutc": [day, 0],
  "1Wutc": [week, 4 * day]
}

const time = (query: URLSearchParams, name: string, otherwise: number) =>
  query.has(name) ? Date.parse(query.get(name) ?? "") : otherwise

const read = (
  { answer, layer }: Subject,
  listed: number,
  range: Candle.Range,
  take = 1,
  behind = 0
) =>
  Effect.gen(function*() {
    const data = yield* MarketData.MarketData
    const scripted = yield* ScriptedHttp.ScriptedHttp
    // Any answer shows how far the exchange's clock is from ours. Loading the markets would be the first.
    if (behind > 0) yield* Effect.ignore(data.ticker("BTC/USDT"))
    const fiber = yield* data.candles("BTC/USDT", "1m", range).pipe(
      Stream.take(take),
      Stream.runCollect,
      Effect.fork
    )
    // Some exchanges allow only a few requests a second.
    yield* TestClock.adjust("10 seconds")
    const found = [...yield* Fiber.join(fiber)]
    return { found: found.map(({ openTime }) => openTime), sent: (yield* scripted.requests).length }
  }).pipe(
    Effect.provide(layer({ markets: [market], marketsMaxAge: "1 day" })),
    Effect.provide(ScriptedHttp.layer(({ url }) =>
      ScriptedHttp.json(answer(new URL(url).searchParams, listed), { headers: { date: new Date(now).toUTCString() } })
    )),
    (self) =>
      Effect.zipRight(TestClock.setTime(now - behind), self)
  )

describe("candles from zero", () => {
  for (const subject of subjects) {
    for (const listed of [Date.UTC(2019, 8, 25, 10, 7), Date.UTC(2024, 1, 29, 23, 59), Date.UTC(2026, 1, 28, 0, 0)]) {
      it.effect(`start with the first candle after a few requests: ${subject.name}, ${new Date(listed).toISOString()}`, () =>
        Effect.gen(function*() {
          const { found, sent } = yield* read(subject, listed, { from: 0 }, 3)
          // BitMEX has rows for minutes without trades.
          const first = subject.name === "BitMEX" && isQuiet(listed) ? listed + minute : listed
          assert.strictEqual(found[0], first)
          assert.isAtMost(sent, subject.mostRequests)
        }))
    }

    it.effect(`are complete, without duplicates: ${subject.name}`, () =>
      Effect.gen(function*() {
        const listed = Date.UTC(2026, 2, 1, 1, 1)
        const { found } = yield* read(subject, listed, { from: 5 }, 10_000)
        const all = opens(listed, minute, 0, listed, now)
        assert.deepStrictEqual(found, subject.name === "BitMEX" ? all.filter((open) => !isQuiet(open)) : all)
      }))

    it.effect(`of a market that is new are found although the local clock is behind: ${subject.name}`, () =>
      Effect.gen(function*() {
        const listed = Date.UTC(2026, 2, 1, 11, 31)
        assert.deepStrictEqual((yield* read(subject, listed, { from: 0 }, 1, 3 * hour)).found, [listed])
      }))

    it.effect(`of a market without candles are empty after a few requests: ${subject.name}`, () =>
      Effect.gen(function*() {
        const { found, sent } = yield* read(subject, now + day, { from: 0 })
        assert.deepStrictEqual(found, [])
        assert.isAtMost(sent, subject.mostRequests)
      }))
  }

  // It keeps 720 candles of each interval, and returns those that open after `since`.
  const kraken: Subject = {
    name: "Kraken",
    layer: Kraken.layerMarketData,
    mostRequests: 1,
    answer: (query, listed) => {
      const kept = opens(listed, minute, 0, now - 720 * minute, now).slice(-720)
      const rows = kept.map((open) => open / 1000).filter((open) => open > at(query, "since", 0))
      const pair = rows.map((open) => [open, "1", "1", "1", "1", "1", "1", 1])
      return { error: [], result: { BTCUSDT: pair, last: rows.at(-2) ?? 0 } }
    }
  }

  it.effect("of an exchange that keeps only the latest fail with Unsupported and the earliest open time: Kraken", () =>
    Effect.gen(function*() {
      const [first = 0, ...rest] = opens(0, minute, 0, now - 720 * minute, now).slice(-720)
      const refused = yield* Effect.flip(read(kraken, 0, { from: 0 }))
      assert.strictEqual(refused._tag, "Unsupported")
      const [, begin = ""] = /begin at (\S+);/.exec(refused.message) ?? []
      assert.closeTo(Date.parse(begin), first, minute)
      assert.deepStrictEqual(yield* read(kraken, 0, { from: first }, 10_000), { found: [first, ...rest], sent: 1 })
    }))

  for (const subject of [...subjects, kraken]) {
    it.effect(`of a range in the future are empty, without a request: ${subject.name}`, () =>
      Effect.gen(function*() {
        for (const range of [{ from: now + hour, to: now + day }, { from: now + hour }]) {
          assert.deepStrictEqual(yield* read(subject, 0, range), { found: [], sent: 0 })
        }
      }))
  }
})
