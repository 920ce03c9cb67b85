import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck, Option, Ref, Stream, TestClock } from "effect"
import type { Adapter } from "../src/adapter.js"
import { Candle, Decimal, ExchangeError, MarketData } from "../src/index.js"
import * as Acme from "./support/exchange.js"

const minute = 60_000

const bar = (openTime: number, close = "1"): Adapter.Bar => ({
  openTime,
  open: Decimal.make("1"),
  high: Decimal.make("2"),
  low: Decimal.make("0.5"),
  close: Decimal.make(close),
  volume: Decimal.make("3")
})

type Read = Adapter.MarketData["candles"]["read"]

/** An exchange that has a candle for every minute, and the windows that were requested from it. */
const exchange = (page: number, read?: Read, firstFrom?: Adapter.MarketData["candles"]["firstFrom"]) => {
  const windows: Array<Adapter.Window> = []
  const store = new Acme.Store()
  store.candles = {
    page,
    firstFrom,
    read: (market, interval, window) => {
      windows.push(window)
      if (read !== undefined) return read(market, interval, window)
      return Effect.succeed(Candle.openTimes(interval, window.from, window.to).map((openTime) => bar(openTime)))
    }
  }
  const use = <A, E>(run: (market: MarketData.MarketData.Service) => Effect.Effect<A, E>) =>
    Effect.flatMap(MarketData.MarketData, run).pipe(
      Effect.provide(Acme.makeExchange(store).layerMarketData({ environment: Acme.environment })),
      Effect.provide(Acme.http)
    )
  const candles = (range: Candle.Range, interval: Candle.Interval = "1m") =>
    use((market) => Effect.map(Stream.runCollect(market.candles("BTC/USDT", interval, range)), Chunk.toReadonlyArray))
  return { windows, use, candles }
}

const minutesOf = (candles: ReadonlyArray<Candle.Candle>) => candles.map(({ openTime }) => openTime / minute)

describe("candles", () => {
  it.effect.prop(
    "are those that open in the range, each once, oldest first, requested in adjacent aligned pages",
    [
      FastCheck.integer({ min: 0, max: 40 * minute }),
      FastCheck.integer({ min: 0, max: 40 * minute }),
      FastCheck.integer({ min: 1, max: 12 })
    ],
    ([from, length, page]) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(200 * minute)
        const to = from + length
        const { candles, windows } = exchange(page)
        const found = yield* candles({ from, to })
        const first = Math.ceil(from / minute)
        const count = Math.max(0, Math.ceil(to / minute) - first)
        assert.deepStrictEqual(minutesOf(found), Array.from({ length: count }, (_, index) => first + index))
        assert.strictEqual(windows.length, Math.ceil(count / page))
        for (const [index, window] of windows.entries()) {
          assert.strictEqual(window.from % minute, 0)
          assert.strictEqual(window.to % minute, 0)
          assert.isAbove(window.to, window.from)
          assert.isAtMost(window.to - window.from, page * minute)
          if (index > 0) assert.strictEqual(window.from, windows[index - 1]?.to)
        }
      })
  )

  it.effect("are sorted and cut to the window, and the last of duplicate candles wins, when the page is unordered", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const { candles } = exchange(3, (_, __, { from, to }) =>
        Effect.succeed([
          bar(to),
          bar(from + minute),
          bar(from, "0.7"),
          bar(from - minute),
          bar(from, "0.9"),
          bar(to + minute)
        ]))
      const found = yield* candles({ from: 0, to: 6 * minute })
      assert.deepStrictEqual(minutesOf(found), [0, 1, 3, 4])
      assert.strictEqual(found[0] && Decimal.format(found[0].close), "0.9")
      assert.deepInclude(found[0], { exchange: "acme", symbol: Acme.bitcoin.symbol, interval: "1m" })
    }))

  it.effect("keep the last of duplicate candles when the page is ordered", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(200 * minute)
      const { candles } = exchange(10, () =>
        Effect.succeed([bar(0), bar(minute, "5"), bar(minute, "6"), bar(2 * minute)]))
      const found = yield* candles({ from: 0, to: 3 * minute })
      assert.deepStrictEqual(minutesOf(found), [0, 1, 2])
      assert.deepStrictEqual(found[1]?.close, Decimal.make("6"))
    }))

  it.effect("extend to now by default; the current candle is open until the millisecond it closes", () =>
    Effect.gen(function*() {
      const { candles } = exchange(10)
      yield* TestClock.setTime(3 * minute - 1)
      const flags = Effect.map(candles({ from: 0 }), (all) => all.map(({ isOpen }) => isOpen))
      assert.deepStrictEqual(yield* flags, [false, false, true])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* flags, [false, false, false])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* flags, [false, false, false, true])
    }))

  it.effect("a candle that closed while its request was in flight is marked open, as it may be incomplete", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(minute - 100)
      const { candles } = exchange(10, () => Effect.delay(Effect.succeed([bar(0)]), "200 millis"))
      const [found] = yield* Effect.zipLeft(
        candles({ from: 0, to: minute }),
        TestClock.adjust("1 second"),
        { concurrent: true }
      )
      assert.strictEqual(found?.isOpen, true)
    }))

  it.effect("report progress after each page, up to the end of the range", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const seen = yield* Ref.make<ReadonlyArray<Candle.Progress>>([])
      const { candles } = exchange(2)
      const range = {
        from: 1,
        to: 4.5 * minute,
        onProgress: (progress: Candle.Progress) => Ref.update(seen, (all) => [...all, progress])
      }
      // The stream is run twice: the second run must count from zero.
      yield* candles(range)
      yield* Ref.set(seen, [])
      yield* candles(range)
      assert.deepStrictEqual(yield* Ref.get(seen), [
        { readTo: 3 * minute, fraction: 0.5, candles: 2 },
        { readTo: 4.5 * minute, fraction: 1, candles: 4 }
      ])
    }))

  it.effect("request a page only when the stream reaches it", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const { use, windows } = exchange(2)
      const found = yield* use((market) =>
        Stream.runCollect(Stream.take(market.candles("BTC/USDT", "1m", { from: 0, to: 50 * minute }), 3))
      )
      assert.strictEqual(found.length, 3)
      assert.strictEqual(windows.length, 2)
    }))

  it.effect("a failing page fails the stream with its error, after the candles of earlier pages", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const down = new ExchangeError.ExchangeUnavailable({
        exchange: "acme",
        operation: "candles",
        detail: "no",
        outcome: "Unknown"
      })
      const { use } = exchange(2, (_, __, { from }) => from === 0 ? Effect.succeed([bar(0)]) : Effect.fail(down))
      const seen: Array<number> = []
      const end = yield* use((market) =>
        Effect.either(Stream.runForEach(
          market.candles("BTC/USDT", "1m", { from: 0, to: 4 * minute }),
          ({ openTime }) => Effect.sync(() => seen.push(openTime))
        ))
      )
      assert.deepStrictEqual(seen, [0])
      assert.strictEqual(Either.isLeft(end) ? end.left._tag : undefined, "ExchangeUnavailable")
    }))

  it.effect("fail with Unsupported for an interval the exchange lacks, and with InvalidRequest for an invalid range", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const { candles, windows } = exchange(2)
      const unsupported = yield* Effect.flip(candles({ from: 0 }, "4h"))
      assert.instanceOf(unsupported, ExchangeError.Unsupported)
      assert.include(unsupported.message, "use one of 1m")
      for (const [from, to] of [[2, 1], [-1, 1], [Number.NaN, 1], [0, Number.POSITIVE_INFINITY]] as const) {
        assert.instanceOf(yield* Effect.flip(candles({ from, to })), ExchangeError.InvalidRequest)
      }
      assert.strictEqual(windows.length, 0)
    }))

  it.effect("months are paged by calendar across leap days and year ends, and only the last is open", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2024, 2, 1) - 1)
      const { candles, windows } = exchange(3)
      const read = candles({ from: "2023-10-31", to: "2024-03-15" }, "1M")
      const shown = (all: ReadonlyArray<Candle.Candle>) =>
        all.map(({ isOpen, openTime }) => `${new Date(openTime).toISOString().slice(0, 10)}${isOpen ? " open" : ""}`)
      assert.deepStrictEqual(shown(yield* read), ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01 open"])
      assert.deepStrictEqual(windows, [
        { from: Date.UTC(2023, 10), to: Date.UTC(2024, 1) },
        { from: Date.UTC(2024, 1), to: Date.UTC(2024, 2) }
      ])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(shown(yield* read).slice(-2), ["2024-02-01", "2024-03-01 open"])
    }))

  it.effect("weeks begin on Monday, the first of them after the epoch", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(1970, 0, 14))
      const { candles } = exchange(10)
      const found = yield* candles({ from: 0 }, "1w")
      assert.deepStrictEqual(
        found.map(({ isOpen, openTime }) => [openTime, isOpen]),
        [[Date.UTC(1970, 0, 5), false], [Date.UTC(1970, 0, 12), true]]
      )
    }))

  it.effect("monthly candles stop at the last date that JavaScript can represent", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute)
      const { candles, windows } = exchange(10)
      const last = 8_640_000_000_000_000
      assert.deepStrictEqual(yield* candles({ from: last - 1, to: last }, "1M"), [])
      assert.strictEqual(windows.length, 0)
      assert.deepStrictEqual(minutesOf(yield* candles({ from: 0, to: last }, "1M")), [0])
    }))

  it.effect("request nothing that lies in the future", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100 * minute + 1)
      const { candles, windows } = exchange(40)
      assert.deepStrictEqual(yield* candles({ from: 101 * minute }), [])
      assert.deepStrictEqual(yield* candles({ from: 200 * minute, to: 300 * minute }), [])
      assert.strictEqual(windows.length, 0)
      const found = yield* candles({ from: 90 * minute, to: 1_000_000 * minute })
      assert.deepStrictEqual(minutesOf(found), [90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100])
      assert.deepStrictEqual(windows, [{ from: 90 * minute, to: 101 * minute }])
    }))

  /** Only these minutes have candles, and the exchange can be asked for the next one. */
  const sparse = (minutes: ReadonlyArray<number>) => {
    const searchedFrom: Array<number> = []
    const made = exchange(
      10,
      (_, __, { from, to }) =>
        Effect.succeed(
          minutes.map((at) => bar(at * minute)).filter(({ openTime }) => openTime >= from && openTime < to)
        ),
      (_, __, from) =>
        Effect.sync(() => {
          searchedFrom.push(from / minute)
          return Option.map(Option.fromNullable(minutes.find((at) => at * minute >= from)), (at) => at * minute + 7)
        })
    )
    return { ...made, searchedFrom }
  }

  it.effect("skip to the first candle by asking the exchange for it, without paging through the time before", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100_000 * minute)
      const { searchedFrom, candles, windows } = sparse([60_005, 60_006, 60_012])
      assert.deepStrictEqual(minutesOf(yield* candles({ from: 0, to: 60_020 * minute })), [60_005, 60_006, 60_012])
      assert.deepStrictEqual(searchedFrom, [10])
      assert.deepStrictEqual(windows.map(({ from }) => from / minute), [0, 60_005, 60_015])
    }))

  it.effect("read through one empty window, skip several by asking the exchange for the next candle, then end", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(100_000 * minute)
      const { searchedFrom, candles, windows } = sparse([0, 25, 5_000])
      const seen: Array<Candle.Progress> = []
      const found = yield* candles({
        from: 0,
        to: 50_000 * minute,
        onProgress: (progress) => Effect.sync(() => seen.push(progress))
      })
      assert.deepStrictEqual(minutesOf(found), [0, 25, 5_000])
      assert.deepStrictEqual(searchedFrom, [50, 5_030])
      assert.deepStrictEqual(windows.map(({ from }) => from / minute), [0, 10, 20, 30, 40, 5_000, 5_010, 5_020])
      assert.deepStrictEqual(seen.at(4), { readTo: 5_000 * minute, fraction: 0.1, candles: 2 })
      assert.deepStrictEqual(seen.at(-1), { readTo: 50_000 * minute, fraction: 1, candles: 3 })
    }))
})
