import { Binance } from "@effect-exchange/binance"
import { type Candle, Decimal } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { Mock } from "@effect-exchange/testing"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck, Layer, Stream, TestClock } from "effect"
import * as CandleArchive from "../src/CandleArchive.js"

const noon = Date.UTC(2026, 0, 1, 12)
const minute = 60_000

const archived = (over: Partial<CandleArchive.Options> = {}) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const options: CandleArchive.Options = {
      directory: yield* files.makeTempDirectoryScoped({ prefix: "archive-" }),
      symbols: ["BTC/USDT"],
      interval: "1m",
      from: noon,
      ...over
    }
    const path = yield* CandleArchive.pathOf(options, "mock", "BTC/USDT")
    return {
      path,
      run: CandleArchive.run(options),
      /** The open time of each archived candle, in minutes after noon. */
      minutes: Effect.map(
        Stream.runCollect(CandleArchive.read(path)),
        (candles) => Chunk.toReadonlyArray(candles).map(({ openTime }) => (openTime - noon) / minute)
      )
    }
  })

/** The result of the first market. */
const only = (
  [first]: ReadonlyArray<{ readonly result: Either.Either<CandleArchive.Report, CandleArchive.Failure> }>
) => {
  assert(first !== undefined)
  return first.result
}

const report = (results: Parameters<typeof only>[0]) => Either.getOrThrow(only(results))

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

const mocked = Layer.merge(Mock.layer({ "BTC/USDT": { last: "4" } }), NodeContext.layer)

const candle = (at: number): Mock.CandleInput => ({
  interval: "1m",
  openTime: noon + at * minute,
  open: "1.10",
  high: "2",
  low: "1",
  close: "1.5",
  volume: "0.000000000000000001"
})

describe("a candle archive", () => {
  it.scoped("stores each closed candle once, and continues where the last run ended", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 5.5 * minute)
      const { minutes, run } = yield* archived()
      assert.strictEqual(report(yield* run).added, 4)
      assert.deepStrictEqual(yield* minutes, [0, 1, 2, 3])
      assert.strictEqual(report(yield* run).added, 0)
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual(report(yield* run).added, 3)
      assert.deepStrictEqual(yield* minutes, upTo(7))
    }).pipe(Effect.provide(mocked)))

  it.scoped("keeps every digit", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 10 * minute)
      const { path, run } = yield* archived()
      yield* run
      const [read] = Chunk.toReadonlyArray(yield* Stream.runCollect(CandleArchive.read(path)))
      assert(read !== undefined)
      const { open, volume }: Candle.Candle = read
      assert.deepStrictEqual([open, volume].map(Decimal.format), ["1.10", "0.000000000000000001"])
    }).pipe(Effect.provide(Layer.merge(
      Mock.layer({ "BTC/USDT": { candles: [candle(0)] } }),
      NodeContext.layer
    ))))

  it.scoped("has no gap after the exchange failed in the middle, because the next run continues there", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 2500 * minute)
      const mock = yield* Mock.Mock
      const { minutes, run } = yield* archived()
      // The first page is archived, the second fails.
      const failing = Effect.repeat(Effect.yieldNow(), {
        until: () => Effect.map(mock.calls, (calls) => calls.length > 0)
      })
      yield* Effect.fork(Effect.zipRight(failing, mock.failOn("candles", Mock.errors.exchangeUnavailable())))
      const first = only(yield* run)
      assert.isTrue(Either.isLeft(first) && first.left._tag === "ExchangeUnavailable")
      assert.deepStrictEqual(yield* minutes, upTo(1000))
      assert.deepStrictEqual(report(yield* run).gaps, [])
      assert.deepStrictEqual(yield* minutes, upTo(2499))
    }).pipe(Effect.provide(mocked)))

  it.scoped("reports candles that the exchange does not have, at the start and across runs too", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 5 * minute)
      const { minutes, run } = yield* archived()
      const gap = (from: number, to: number) => ({ from: noon + from * minute, to: noon + to * minute })
      assert.deepStrictEqual(report(yield* run).gaps, [gap(0, 1), gap(2, 3)])
      yield* TestClock.adjust("5 minutes")
      const { gaps, path } = report(yield* run)
      assert.deepStrictEqual(gaps, [gap(4, 7)])
      assert.deepStrictEqual(yield* minutes, [1, 3, 7])
      const line = CandleArchive.described({
        symbol: "BTC/USDT",
        result: Either.right({ symbol: "BTC/USDT", path, added: 1, gaps })
      })
      assert.strictEqual(
        line,
        "BTC/USDT: 1 candles, no candles from 2026-01-01T12:04:00.000Z to 2026-01-01T12:07:00.000Z"
      )
    }).pipe(Effect.provide(Layer.merge(
      Mock.layer({ "BTC/USDT": { candles: [candle(1), candle(3), candle(7)] } }),
      NodeContext.layer
    ))))

  it.scoped("archives the other markets when one fails", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 5 * minute)
      const { minutes, run } = yield* archived({ symbols: ["NO/SUCH", "BTC/USDT"] })
      const [missing, found] = yield* run
      assert.isTrue(missing !== undefined && Either.isLeft(missing.result))
      assert.isTrue(found !== undefined && Either.isRight(found.result))
      assert.deepStrictEqual(yield* minutes, [0, 1, 2, 3])
    }).pipe(Effect.provide(mocked)))

  it.scoped("fails with ArchiveDamaged and changes nothing when the last line is not a candle", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 5 * minute)
      const files = yield* FileSystem.FileSystem
      const { path, run } = yield* archived()
      yield* run
      yield* files.writeFileString(path, "{}\n", { flag: "a" })
      const before = yield* files.readFileString(path)
      yield* TestClock.adjust("5 minutes")
      const result = only(yield* run)
      assert.isTrue(Either.isLeft(result) && result.left._tag === "ArchiveDamaged")
      assert.strictEqual(yield* files.readFileString(path), before)
    }).pipe(Effect.provide(mocked)))

  const steps = FastCheck.array(
    FastCheck.record({
      minutes: FastCheck.integer({ min: 0, max: 40 }),
      cut: FastCheck.option(FastCheck.integer({ min: 0, max: 9000 }), { nil: undefined })
    }),
    { minLength: 1, maxLength: 5 }
  )

  it.scoped.prop(
    "is complete after a kill that truncated the file at any byte",
    [steps],
    ([steps]) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const files = yield* FileSystem.FileSystem
        const { minutes, path, run } = yield* archived()
        for (const { cut, minutes } of steps) {
          yield* TestClock.adjust(`${minutes} minutes`)
          report(yield* run)
          if (cut !== undefined && (yield* files.exists(path))) {
            const { size } = yield* files.stat(path)
            yield* files.truncate(path, Math.min(cut, Number(size)))
          }
        }
        yield* TestClock.adjust("2 minutes")
        report(yield* run)
        const passed = steps.reduce((sum, { minutes }) => sum + minutes, 2)
        assert.deepStrictEqual(yield* minutes, upTo(passed - 1))
      }).pipe(Effect.provide(mocked)),
    { fastCheck: { numRuns: 25 } }
  )

  it.scoped("is complete on an exchange whose requests sometimes fail", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon + 1440 * minute)
      const binance = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      yield* binance.setFaults(Faults.make({ http500: 0.2, truncated: 0.2 }))
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped({ prefix: "archive-" })
      const options = { directory, symbols: ["BTC/USDT", "ETH/USDT"], interval: "1m", from: noon } as const
      const runs = Effect.gen(function*() {
        for (let tries = 0; tries < 20; tries++) {
          const results = yield* CandleArchive.run(options)
          if (results.every(({ result }) => Either.isRight(result))) return
          yield* Effect.sleep("1 minute")
        }
      })
      // File access takes real time, so the clock is advanced until the runs have ended.
      yield* Effect.raceFirst(runs, Effect.forever(TestClock.adjust("1 second")))
      yield* binance.setFaults(Faults.none)
      for (const symbol of options.symbols) {
        const path = yield* CandleArchive.pathOf(options, "binance", symbol)
        const candles = yield* Stream.runCollect(CandleArchive.read(path))
        const opened = Chunk.toReadonlyArray(candles).map(({ openTime }) => (openTime - noon) / minute)
        assert.isAtLeast(opened.length, 1439)
        assert.deepStrictEqual(opened, upTo(opened.length))
      }
    }).pipe(Effect.provide(Layer.merge(
      Binance.layerMarketData({ environment: Simulator.environment("binance") }).pipe(
        Layer.provideMerge(Simulator.layer("binance"))
      ),
      NodeContext.layer
    ))))
})
