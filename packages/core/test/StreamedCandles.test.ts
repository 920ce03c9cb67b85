import { assert, it } from "@effect/vitest"
import type { Row } from "../src/adapter.js"
import { candleRows } from "../src/adapter/internal/streams.js"
import { Decimal } from "../src/index.js"
import { bitcoin } from "./support/exchange.js"

const minute = 60_000

const bar = (openTime: number, isOpen?: boolean): Row.BarSoFar => ({
  openTime,
  open: Decimal.make("1"),
  high: Decimal.make("2"),
  low: Decimal.make("0.5"),
  close: Decimal.make("1"),
  volume: Decimal.make("3"),
  isOpen
})

const same = <A>(size: A) => size

/** Whether candles that arrive at these times are reported as open. */
const openFlags = (...updates: ReadonlyArray<readonly [now: number, row: Row.BarSoFar]>) =>
  openFlagsWithSkew(0, ...updates)

const openFlagsWithSkew = (skew: number, ...updates: ReadonlyArray<readonly [now: number, row: Row.BarSoFar]>) => {
  const rows = updates.map(([, row]) => [row])
  const reading = candleRows("acme", bitcoin, "1m", { amount: same, size: same }, skew, () => () => rows.shift())
  return updates.flatMap(([now]) => reading.read(undefined, now).values.map(({ isOpen }) => isOpen))
}

it("a streamed candle is open until the exchange reports its end, even if an update arrives late", () => {
  const late = minute + 100
  assert.deepStrictEqual(openFlags([minute - 1, bar(0, true)], [late, bar(0, true)], [late, bar(0, false)]), [
    true,
    true,
    false
  ])
})

it("a streamed candle without an end flag ends by the exchange's clock, which is ours plus the skew", () => {
  assert.deepStrictEqual(openFlags([minute - 1, bar(0)], [minute, bar(0)]), [true, false])
  assert.deepStrictEqual(openFlagsWithSkew(-500, [minute, bar(0)], [minute + 500, bar(0)]), [true, false])
  assert.deepStrictEqual(openFlagsWithSkew(500, [minute - 501, bar(0)], [minute - 500, bar(0)]), [true, false])
})

const candlesOf = (...rows: ReadonlyArray<Row.BarSoFar | "lost">) => {
  const read = rows.filter((row) => row !== "lost").map((row) => [row])
  const reading = candleRows("acme", bitcoin, "1m", { amount: same, size: same }, 0, () => () => read.shift())
  return rows.flatMap((row) => {
    if (row !== "lost") return reading.read(undefined, 1).values.map(({ isOpen, openTime }) => [openTime, isOpen])
    reading.begin()
    return []
  })
}

it("a streamed candle without an end flag is delivered as ended once a later one follows on the same connection", () => {
  assert.deepStrictEqual(candlesOf(bar(0), bar(0), bar(2 * minute), bar(3 * minute)), [
    [0, true],
    [0, true],
    [0, false],
    [2 * minute, true],
    [2 * minute, false],
    [3 * minute, true]
  ])
  assert.deepStrictEqual(candlesOf(bar(0), "lost", bar(minute)), [[0, true], [minute, true]])
  assert.deepStrictEqual(candlesOf(bar(0, true), bar(minute, true)), [[0, true], [minute, true]])
})

it("a streamed candle without an end flag has not ended if it was sent before its end, whatever our clock says", () => {
  const late = 2 * minute
  assert.deepStrictEqual(
    openFlags([late, { ...bar(0), sentAt: minute - 1 }], [0, { ...bar(0), sentAt: minute }]),
    [true, false]
  )
})

it("a streamed candle that the exchange has reported as ended is delivered once, although another connection repeats it", () => {
  const repeated = [bar(0, true), bar(0, false), bar(0, true), bar(0, false), bar(minute, true)]
  assert.deepStrictEqual(candlesOf(...repeated), [[0, true], [0, false], [minute, true]])
})
