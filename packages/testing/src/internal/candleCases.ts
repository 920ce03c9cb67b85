import { Candle, type ExchangeError, type MarketData } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { MarketDataCase, Subject } from "../ContractCase.js"
import { about, defineMarketData as define, first, symbolsOf } from "./defineCase.js"
import { type Broken, ensure, fits, refused } from "./judging.js"

type Service = MarketData.MarketData.Service
type Candles = ReadonlyArray<Candle.Candle>

const read = (
  service: Service,
  symbol: string,
  interval: Candle.Interval,
  range: Candle.Range
): Effect.Effect<Candles, ExchangeError.MarketDataError> =>
  Effect.map(Stream.runCollect(service.candles(symbol, interval, range)), Chunk.toReadonlyArray)

const has = (subject: Subject, interval: Candle.Interval): boolean =>
  subject.features === undefined || subject.features.candles.includes(interval)

/** Returns an hour if the exchange has such candles, because most markets trade in every hour. */
const usual = (subject: Subject): Candle.Interval => has(subject, "1h") ? "1h" : subject.features?.candles[0] ?? "1h"

const shortest = (subject: Subject): Candle.Interval => has(subject, "1m") ? "1m" : usual(subject)

/**
 * Returns the longest interval of the exchange, preferably weeks or months, because their lengths follow the calendar.
 */
const longest = (subject: Subject): Candle.Interval =>
  intervals.findLast((interval) => has(subject, interval)) ?? usual(subject)

/**
 * Returns the intervals to test and the number of candles of each. The number of long candles is small, because young
 * markets have few.
 */
const lengths = (subject: Subject): ReadonlyArray<readonly [interval: Candle.Interval, count: number]> =>
  usual(subject) === longest(subject) ? [[usual(subject), 24]] : [[usual(subject), 24], [longest(subject), 4]]

const wellFormed = (
  service: Service,
  symbol: string,
  interval: Candle.Interval,
  range: { readonly from: number; readonly to: number },
  candles: Candles
): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    for (const candle of candles) {
      yield* fits(Candle.Candle, `a candle of ${symbol}`, candle)
      yield* ensure(
        candle.symbol === symbol && candle.exchange === service.exchange && candle.interval === interval,
        () =>
          `requested ${interval} candles of ${symbol} on ${service.exchange}, but got a ${candle.interval} candle of ` +
          `${candle.symbol} on ${candle.exchange}`
      )
      yield* ensure(
        Candle.openTime(interval, candle.openTime) === candle.openTime,
        () => `a ${interval} candle has the opening time ${candle.openTime}, at which no candle of that interval opens`
      )
      yield* ensure(
        candle.openTime >= range.from && candle.openTime < range.to,
        () => `a candle opens at ${candle.openTime}, outside the range from ${range.from} to ${range.to}`
      )
      const { close, high, low, open, volume } = candle
      yield* ensure(
        [open, close].every((price) => BigDecimal.between(price, { minimum: low, maximum: high })) &&
          BigDecimal.isPositive(low),
        () => `the candle at ${candle.openTime} opens or closes outside its low and high, or its low is not above zero`
      )
      yield* ensure(
        !BigDecimal.isNegative(volume),
        () => `the volume of the candle at ${candle.openTime} is below zero`
      )
    }
    yield* ensure(
      candles.every(({ openTime }, index) => index === 0 || (candles[index - 1]?.openTime ?? 0) < openTime),
      () => `the candles of ${symbol} are not unique and sorted oldest first`
    )
  })

const checkOpen = (
  interval: Candle.Interval,
  candles: Candles,
  before: number,
  after: number
): Effect.Effect<void, Broken> =>
  Effect.forEach(candles, ({ isOpen, openTime }) => {
    const end = Candle.closeTime(interval, openTime)
    return ensure(
      isOpen ? end > before : end <= after,
      () => `the candle at ${openTime} is wrongly marked as ${isOpen ? "open" : "complete"} at ${after}`
    )
  }, { discard: true })

/** Returns `true` if two reads of the same closed candles agree, because closed candles cannot change. */
const same = (one: Candles, other: Candles): boolean =>
  one.length === other.length && one.every((candle, index) => Equal.equals(key(candle), key(other[index] ?? candle)))

const key = ({ close, high, low, open, openTime }: Candle.Candle) =>
  [openTime, ...[open, high, low, close].map((price) => BigDecimal.format(price))].join(" ")

const lastClosed = (interval: Candle.Interval): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => Candle.shift(interval, now, -1))

/** More candles than one page on any exchange. */
const many = 1100

/** @internal */
export const candleCases: ReadonlyArray<MarketDataCase> = [
  define(
    about("MD-23", "candles carry their opening time, are oldest first, and only the last may be open"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbols = yield* symbolsOf(service, subject)
        const of = (symbol: string, interval: Candle.Interval, count: number) =>
          Effect.gen(function*() {
            const before = yield* Clock.currentTimeMillis
            const from = Candle.shift(interval, before, -count) + 1
            const candles = yield* read(service, symbol, interval, { from })
            const after = yield* Clock.currentTimeMillis
            yield* wellFormed(service, symbol, interval, { from, to: after + 1 }, candles)
            yield* checkOpen(interval, candles, before, after)
            yield* ensure(
              candles.length > 0,
              () => `${symbol} has no ${interval} candle in the last ${count} intervals`
            )
          })
        for (const symbol of symbols) yield* of(symbol, usual(subject), 48)
        yield* of(first(symbols), longest(subject), 4)
      })
  ),
  define(
    about("MD-24", "a candle range includes its start and excludes its end"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        for (const [interval, count] of lengths(subject)) {
          const to = yield* lastClosed(interval)
          const from = Candle.shift(interval, to, -count)
          const all = yield* read(service, symbol, interval, { from, to })
          const [second, last] = [Candle.shift(interval, from, 1), Candle.shift(interval, to, -1)]
          for (const range of [{ from, to }, { from: second, to: last }, { from: second - 1, to: last + 1 }]) {
            const part = yield* read(service, symbol, interval, range)
            yield* ensure(
              same(part, all.filter(({ openTime }) => openTime >= range.from && openTime < range.to)),
              () =>
                `the ${interval} candles from ${range.from} to before ${range.to} differ from those that a longer range ` +
                "returns for the same time"
            )
          }
        }
      })
  ),
  define(
    about("MD-25", "a range longer than a page returns the same candles as its parts"),
    (service, subject) =>
      Effect.gen(function*() {
        const interval = shortest(subject)
        const symbol = first(yield* symbolsOf(service, subject))
        const to = yield* lastClosed(interval)
        const from = Candle.shift(interval, to, -many)
        const whole = yield* Effect.either(read(service, symbol, interval, { from, to }))
        // An exchange that keeps fewer candles fails with `Unsupported`.
        if (Either.isLeft(whole) && whole.left._tag === "Unsupported") return
        const candles = yield* whole
        yield* wellFormed(service, symbol, interval, { from, to }, candles)
        const middle = Candle.shift(interval, from, 37)
        const parts = [
          ...yield* read(service, symbol, interval, { from, to: middle }),
          ...yield* read(service, symbol, interval, { from: middle, to })
        ]
        yield* ensure(
          same(candles, parts),
          () =>
            `a range of ${many} ${interval} candles returned ${candles.length}, but its two parts returned ${parts.length} or others`
        )
      })
  ),
  define(
    about("MD-26", "the progress of candles rises to 1 and counts the candles"),
    (service, subject) =>
      Effect.gen(function*() {
        const interval = usual(subject)
        const symbol = first(yield* symbolsOf(service, subject))
        const to = yield* lastClosed(interval)
        const received = yield* Ref.make<ReadonlyArray<Candle.Progress>>([])
        const candles = yield* read(service, symbol, interval, {
          from: Candle.shift(interval, to, -30),
          to,
          onProgress: (progress) => Ref.update(received, (before) => [...before, progress])
        })
        const steps = yield* Ref.get(received)
        yield* ensure(
          steps.every(({ fraction, readTo }, index) => {
            const before = steps[index - 1]
            return fraction >= 0 && (before === undefined || (fraction > before.fraction && readTo > before.readTo))
          }),
          () => "the progress does not rise with every step"
        )
        const last = steps.at(-1)
        yield* ensure(
          last?.fraction === 1 && last.readTo === to && last.candles === candles.length,
          () =>
            `the progress ended at ${last?.fraction} of the range, ${last?.readTo}, with ${last?.candles} candles; ` +
            `expected 1, ${to}, ${candles.length}`
        )
      })
  ),
  define(
    about(
      "MD-27",
      "an interval that the exchange does not have fails with Unsupported, and the error names an alternative",
      [],
      (features) =>
        intervals.every((interval) => features.candles.includes(interval))
          ? `${features.name} has candles of every interval`
          : undefined
    ),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const to = yield* Clock.currentTimeMillis
        for (const interval of intervals.filter((interval) => subject.features?.candles.includes(interval) !== true)) {
          const range = { from: Candle.shift(interval, to, -2), to }
          const call = read(service, symbol, interval, range)
          // If the features are unknown, both a result and `Unsupported` are correct.
          if (subject.features === undefined && Either.isRight(yield* Effect.either(call))) continue
          const error = yield* refused(call, {
            tag: "Unsupported",
            exchange: service.exchange,
            operation: "candles",
            input: interval
          })
          yield* ensure(
            error._tag === "Unsupported" && error.alternative.length > 0,
            () => `the error for ${interval} candles names no alternative`
          )
        }
      })
  ),
  define(
    about("MD-28", "an invalid candle range fails with InvalidRequest"),
    (service, subject) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbolsOf(service, subject))
        const now = yield* Clock.currentTimeMillis
        for (const range of [{ from: now, to: now - 1 }, { from: -1, to: now }, { from: Number.NaN, to: now }]) {
          yield* refused(read(service, symbol, usual(subject), range), {
            tag: "InvalidRequest",
            exchange: service.exchange,
            operation: "candles",
            input: symbol
          })
        }
      })
  )
]

const intervals = Candle.Interval.literals
