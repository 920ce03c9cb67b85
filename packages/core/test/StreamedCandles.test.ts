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

/** Whether candles are told as open that come at these instants. */
const told = (...said: ReadonlyArray<readonly [now: number, row: Row.BarSoFar]>) => toldAt(0, ...said)

const toldAt = (skew: number, ...said: ReadonlyArray<readonly [now: number, row: Row.BarSoFar]>) => {
  const rows = said.map(([, row]) => [row])
  const reading = candleRows("acme", bitcoin, "1m", { amount: same, size: same }, skew, () => () => rows.shift())
  return said.flatMap(([now]) => reading.read(undefined, now).values.map(({ isOpen }) => isOpen))
}

it("a candle that is streamed has ended when the exchange says so, however late what was said before comes", () => {
  const late = minute + 100
  assert.deepStrictEqual(told([minute - 1, bar(0, true)], [late, bar(0, true)], [late, bar(0, false)]), [
    true,
    true,
    false
  ])
})

it("a candle of which the exchange does not say it has ended by the exchange's clock, or by ours", () => {
  assert.deepStrictEqual(told([minute - 1, bar(0)], [minute, bar(0)]), [true, false])
  assert.deepStrictEqual(toldAt(-500, [minute, bar(0)], [minute + 500, bar(0)]), [true, false])
  assert.deepStrictEqual(toldAt(500, [minute - 501, bar(0)], [minute - 500, bar(0)]), [true, false])
})
